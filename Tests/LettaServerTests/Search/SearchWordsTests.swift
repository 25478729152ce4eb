import Testing

@testable import LettaServer

/// The words by which texts are found.
@Suite(.timeLimit(.minutes(5))) struct SearchWordsTests {
    static let texts: [(String, [String])] = [
        ("", []), (" \n\t ", []), ("!?…—", []), ("🎉", []),
        ("Cats like fish.", ["cat", "like", "fish"]),
        ("the cat, THE Cat & the hat", ["the", "cat", "hat"]),
        ("user_id=42; e-mail: ann@example.com", ["user", "id", "42", "e", "mail", "ann", "exampl", "com"]),
        ("Ärger in ΑΘΗΝΑ und Straße", ["arger", "in", "αθηνα", "und", "strass"]),
        ("Cafe\u{301} café CAFÉ Łódź", ["cafe", "lodz"]),
        ("don't Noor's", ["don", "t", "noor", "s"]),
        ("我喜欢", ["我", "喜", "我喜", "欢", "喜欢"]),
        ("りんごapple", ["り", "ん", "りん", "ご", "んご", "appl"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("가방 나무", ["가", "방", "가방", "나", "무", "나무"]),
        ("'; DROP TABLE passage; --", ["drop", "tabl", "passag"]),
    ]

    @Test(arguments: texts) func `words are stems of letters and digits, once each`(_ text: String, _ words: [String]) {
        #expect(SearchWords.indexed(in: text) == words)
    }

    /// From the article that describes the algorithm.
    static let stems = [
        "caresses": "caress", "ponies": "poni", "ties": "ti", "caress": "caress", "cats": "cat", "feed": "feed",
        "agreed": "agre", "plastered": "plaster", "bled": "bled", "motoring": "motor", "sing": "sing",
        "conflated": "conflat", "troubled": "troubl", "sized": "size", "hopping": "hop", "tanned": "tan",
        "falling": "fall", "hissing": "hiss", "fizzed": "fizz", "failing": "fail", "filing": "file", "happy": "happi",
        "sky": "sky", "relational": "relat", "conditional": "condit", "rational": "ration", "valenci": "valenc",
        "digitizer": "digit", "conformabli": "conform", "radicalli": "radic", "differentli": "differ", "vileli": "vile",
        "analogousli": "analog", "vietnamization": "vietnam", "predication": "predic", "operator": "oper",
        "feudalism": "feudal", "decisiveness": "decis", "hopefulness": "hope", "callousness": "callous",
        "formaliti": "formal", "sensitiviti": "sensit", "sensibiliti": "sensibl", "triplicate": "triplic",
        "formative": "form", "formalize": "formal", "electriciti": "electr", "electrical": "electr", "hopeful": "hope",
        "goodness": "good", "revival": "reviv", "allowance": "allow", "inference": "infer", "airliner": "airlin",
        "gyroscopic": "gyroscop", "adjustable": "adjust", "defensible": "defens", "irritant": "irrit",
        "replacement": "replac", "adjustment": "adjust", "dependent": "depend", "adoption": "adopt",
        "homologou": "homolog", "communism": "commun", "activate": "activ", "angulariti": "angular",
        "homologous": "homolog", "effective": "effect", "bowdlerize": "bowdler", "probate": "probat", "rate": "rate",
        "cease": "ceas", "controll": "control", "roll": "roll", "guarantee": "guarante", "guaranteed": "guarante",
        "moving": "move", "moved": "move", "a": "a", "is": "is", "s3": "s3", "müde": "müde",
    ]

    @Test func `inflected words have one stem`() {
        for (word, stem) in Self.stems { #expect(WordStem.stem(of: word) == stem, "\(word)") }
    }

    @Test func `a long word is cut and a long text has an end`() {
        let word = String(repeating: "b", count: 10_000)
        #expect(SearchWords.indexed(in: word) == [String(repeating: "b", count: 64)])
        let text = (0..<200_000).map { "w\($0)" }.joined(separator: " ")
        let words = SearchWords.indexed(in: text)
        let bytes = words.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(words.count > 10_000)
        #expect(bytes < 500_000, "PostgreSQL takes a megabyte")
    }

    static let queries: [(String, [String])] = [
        ("Where does Noor live?", ["noor", "live"]), ("the the who", ["the", "who"]), ("?!", []),
        ("喜欢苹果", ["喜欢", "欢苹", "苹果"]), ("猫", ["猫"]), ("cat cats", ["cat"]),
    ]

    @Test(arguments: queries) func `a question is searched for its telling words`(_ text: String, _ terms: [String]) {
        #expect(SearchQuery(text).terms == terms)
    }

    @Test func `a word with a typo counts, but less`() {
        let query = SearchQuery("locker cat")
        func counts(_ text: String) -> [Double] { query.counts(in: text).terms }
        #expect(counts("my locker") == [1, 0])
        for text in ["lokcer", "loker", "lockker", "LOCKRE"] { #expect(counts(text) == [0.4, 0], "\(text)") }
        #expect(counts("act ca rocker lock") == [0, 0])
        let misspellings = SearchQuery.misspellings(of: "apples")
        #expect(misspellings.contains("aples") && misspellings.contains("appels") && !misspellings.contains("apples"))
        #expect(SearchQuery.misspellings(of: "苹果很好吃").isEmpty)
    }

    @Test func `a question has a bounded number of words`() {
        #expect(SearchQuery((0..<10_000).map { "w\($0)" }.joined(separator: " ")).terms.count == 32)
    }
}
