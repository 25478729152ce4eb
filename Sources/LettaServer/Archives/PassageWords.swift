/// The words by which a text is found, the same on every database.
///
/// A word is a run of letters, marks and digits in lower case, without an English plural's ending. Signs that are
/// words of their own, such as Chinese ones, stand alone: no space tells where such a word ends.
enum PassageWords {
    /// Longer words are cut, in Unicode scalars; so are those of a query.
    private static let longestWord = 64
    /// How many bytes of words a text is found by: PostgreSQL takes a megabyte. What is behind them is kept and shown
    /// but not found.
    private static let mostBytes = 400_000
    /// The words of a query that count; a text as long as a page is no query.
    static let mostOfQuery = 32

    /// The words of a text in their order, each once.
    static func words(in text: String) -> [String] {
        var seen: Set<String> = []
        var words: [String] = []
        var bytes = 0
        var word = String.UnicodeScalarView()
        func end() -> Bool {
            guard !word.isEmpty else { return true }
            let text = stem(String(word))
            word = String.UnicodeScalarView()
            guard seen.insert(text).inserted else { return true }
            words.append(text)
            bytes += text.utf8.count + 1
            return bytes < mostBytes
        }
        for scalar in text.lowercased().unicodeScalars {
            guard scalar.isPartOfWord else {
                if !end() { return words }
                continue
            }
            if scalar.isWordAlone, !end() { return words }
            if word.count < longestWord { word.append(scalar) }
            if scalar.isWordAlone, !end() { return words }
        }
        _ = end()
        return words
    }

    /// The word without the ending of a plural, by Harman's three rules: `cities` is `city`, `likes` `like` and `cats`
    /// `cat`. What comes out need not be a word, as long as it is the same for a text and a query.
    private static func stem(_ word: String) -> String {
        guard word.utf8.count > 3, word.utf8.last == UInt8(ascii: "s") else { return word }
        func ends(_ endings: String...) -> Bool { endings.contains { word.hasSuffix($0) } }
        if ends("ies") { return ends("aies", "eies") ? word : word.dropLast(3) + "y" }
        if ends("es") { return ends("aes", "ees", "oes") ? word : String(word.dropLast()) }
        return ends("us", "ss") ? word : String(word.dropLast())
    }
}

extension Unicode.Scalar {
    fileprivate var isPartOfWord: Bool {
        // Nearly all text is this.
        if isASCII { return ("a"..."z").contains(self) || ("0"..."9").contains(self) }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// Ideographs and the Japanese syllables.
    fileprivate var isWordAlone: Bool {
        !isASCII && (properties.isIdeographic || (0x3040...0x30ff).contains(value))
    }
}
