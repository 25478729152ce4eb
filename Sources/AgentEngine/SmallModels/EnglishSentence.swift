/// A sentence of a text, with its words.
struct EnglishSentence: Sendable, Hashable {
    /// Without the spaces around it.
    let text: String
    /// In lower case, without the marks around them and with plain apostrophes.
    let words: [String]

    init(_ text: some StringProtocol) {
        self.text = String(text).trimmingSpaces
        words = self.text.split(whereSeparator: \.isWhitespace).map { Self.word($0) }.filter { !$0.isEmpty }
    }

    private static func word(_ piece: Substring) -> String {
        piece.lowercased().replacing("’", with: "'")[...].trimming { !$0.isLetter && !$0.isNumber }
    }

    /// What begins a question without a question mark.
    private static let questionWords: Set<String> = [
        "what", "what's", "whats", "which", "who", "who's", "whose", "whom", "where", "where's", "when", "when's",
        "why",
        "how", "how's", "do", "does", "did", "is", "are", "am", "was", "were", "can", "could", "will", "would",
        "should",
        "shall", "has", "have",
    ]

    var isQuestion: Bool {
        text.hasSuffix("?") || words.first.map(Self.questionWords.contains) ?? false
    }

    /// Whether the phrase is in the sentence, word by word.
    func contains(_ phrase: String) -> Bool { " \(words.joined(separator: " ")) ".contains(" \(phrase) ") }

    func contains(anyOf phrases: [String]) -> Bool {
        let padded = " \(words.joined(separator: " ")) "
        return phrases.contains { padded.contains(" \($0) ") }
    }

    /// The sentences of a text. A title (`Dr.`) and a number (`3.`) end none.
    static func all(in text: String) -> [EnglishSentence] {
        var cutter = SentenceCutter()
        return (cutter.add(text) + [cutter.rest]).map { EnglishSentence($0) }.filter { !$0.words.isEmpty }
    }
}

/// Cuts a text that comes in pieces into sentences, each with the space behind it.
struct SentenceCutter: Sendable {
    /// What has come of the sentence that is not complete.
    private(set) var rest = ""

    private static let titles: Set<String> = ["dr", "mr", "mrs", "ms", "st", "prof", "e.g", "i.e", "no"]

    /// The sentences that are complete now: their end is known once something follows it.
    mutating func add(_ piece: String) -> [String] {
        rest += piece
        var sentences: [String] = []
        while let end = Self.end(in: rest) {
            sentences.append(String(rest[..<end]))
            rest.removeSubrange(..<end)
        }
        return sentences
    }

    /// Behind the spaces that follow the first sentence; nil while these may go on.
    private static func end(in text: String) -> String.Index? {
        var place = text.startIndex
        while let mark = text[place...].firstIndex(where: { ".!?\n".contains($0) }) {
            place = text.index(after: mark)
            guard place < text.endIndex else { return nil }
            guard text[mark] == "\n" || text[place].isWhitespace, !isAbbreviation(text[..<mark], text[mark]) else {
                continue
            }
            guard let next = text[place...].firstIndex(where: { !$0.isWhitespace }) else { return nil }
            return next
        }
        return nil
    }

    private static func isAbbreviation(_ before: Substring, _ mark: Character) -> Bool {
        guard mark == ".", let word = before.split(whereSeparator: \.isWhitespace).last else { return false }
        return titles.contains(word.lowercased()) || word.allSatisfy(\.isNumber)
    }
}

extension Substring {
    /// Without the characters that `isLeftOut` accepts at both ends.
    func trimming(_ isLeftOut: (Character) -> Bool) -> String {
        var rest = drop(while: isLeftOut)
        while let last = rest.last, isLeftOut(last) { rest.removeLast() }
        return String(rest)
    }
}
