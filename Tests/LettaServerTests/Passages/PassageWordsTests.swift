import Testing

@testable import LettaServer

@Suite(.timeLimit(.minutes(5))) struct PassageWordsTests {
    static let texts: [(String, [String])] = [
        ("", []), (" \n\t ", []), ("!?…—", []), ("🎉", []),
        ("Cats like fish.", ["cat", "like", "fish"]),
        ("the cat, THE Cat & the hat", ["the", "cat", "hat"]),
        ("user_id=42; e-mail: ann@example.com", ["user", "id", "42", "e", "mail", "ann", "example", "com"]),
        ("Ärger in ΑΘΗΝΑ und Straße", ["ärger", "in", "αθηνα", "und", "straße"]),
        ("don't", ["don", "t"]),
        (
            "cats cat likes cities boss virus does gas dies",
            ["cat", "like", "city", "boss", "virus", "does", "gas", "dy"]
        ),
        ("我喜欢苹果", ["我", "喜", "欢", "苹", "果"]),
        ("りんごapple", ["り", "ん", "ご", "apple"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("'; DROP TABLE passage; --", ["drop", "table", "passage"]),
    ]

    @Test(arguments: texts) func `words are letters and digits, folded and once each`(
        _ text: String, _ words: [String]
    ) {
        #expect(PassageWords.words(in: text) == words)
    }

    @Test func `a long word is cut and a long text has an end`() {
        let word = String(repeating: "a", count: 10_000)
        #expect(PassageWords.words(in: word) == [String(repeating: "a", count: 64)])
        let text = (0..<200_000).map { "w\($0)" }.joined(separator: " ")
        let words = PassageWords.words(in: text)
        let bytes = words.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(words.count > 10_000)
        #expect(bytes < 500_000, "PostgreSQL takes a megabyte")
    }
}
