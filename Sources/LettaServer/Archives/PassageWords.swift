/// The words by which a text is found, the same for every engine.
///
/// A word is a run of letters, marks and digits in lower case, without an English plural ending. Characters of scripts
/// without spaces, such as Chinese, are words of their own.
enum PassageWords {
    /// Longer words are truncated, in Unicode scalars; so are those of a query.
    private static let longestWord = 64
    /// The maximum size of the words of a text in bytes: PostgreSQL accepts a megabyte. Words beyond it are stored and
    /// shown but not found.
    private static let mostBytes = 400_000
    /// The maximum number of words of a query; the others are ignored.
    static let mostOfQuery = 32

    /// The distinct words of a text, in order.
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

    /// The word without a plural ending, by Harman's three rules: `cities` is `city`, `likes` `like` and `cats` `cat`.
    /// The result need not be a word, as long as it is the same for texts and queries.
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
        // The fast path for most texts.
        if isASCII { return ("a"..."z").contains(self) || ("0"..."9").contains(self) }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// Ideographs and Japanese syllables.
    fileprivate var isWordAlone: Bool {
        !isASCII && (properties.isIdeographic || (0x3040...0x30ff).contains(value))
    }
}
