/// The words by which a text is found, the same for every engine.
///
/// A word is the stem of a run of letters, marks and digits in lower case, without the accents of Latin letters. Scripts
/// without spaces, such as Chinese and Thai, give their characters and each two neighbouring ones.
enum SearchWords {
    /// Longer words are truncated, in Unicode scalars; so are those of a query.
    private static let longestWord = 64
    /// The maximum size of the indexed words of a text in bytes: PostgreSQL accepts a megabyte. Words beyond it are
    /// stored and shown but not found.
    private static let mostIndexedBytes = 400_000

    /// All words of a text, in order.
    ///
    /// - Parameter receive: takes a word and says whether it wants more.
    static func forEach(in text: String, _ receive: (String) -> Bool) {
        var word = String.UnicodeScalarView()
        var length = 0
        var previous: Unicode.Scalar?
        func end() -> Bool {
            guard length > 0 else { return true }
            let text = WordStem.stem(of: String(word))
            word = String.UnicodeScalarView()
            length = 0
            return receive(text)
        }
        func take(_ scalar: Unicode.Scalar) -> Bool {
            guard scalar.isPartOfWord else {
                previous = nil
                return end()
            }
            guard scalar.isUnspaced else {
                previous = nil
                if length < longestWord { word.append(scalar) }
                length += 1
                return true
            }
            guard end(), receive(String(scalar)) else { return false }
            defer { previous = scalar }
            guard let previous else { return true }
            return receive(String(String.UnicodeScalarView([previous, scalar])))
        }
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                guard take(scalar.lowercasedASCII) else { return }
            } else if let plain = scalar.withoutAccent {
                for scalar in plain.unicodeScalars { guard take(scalar) else { return } }
            } else {
                for scalar in scalar.properties.lowercaseMapping.unicodeScalars { guard take(scalar) else { return } }
            }
        }
        _ = end()
    }

    /// The distinct words of a text, in order, as many as are indexed.
    static func indexed(in text: String) -> [String] {
        var seen: Set<String> = []
        var words: [String] = []
        var bytes = 0
        forEach(in: text) { word in
            guard seen.insert(word).inserted else { return true }
            words.append(word)
            bytes += word.utf8.count + 1
            return bytes < mostIndexedBytes
        }
        return words
    }
}

extension Unicode.Scalar {
    fileprivate var lowercasedASCII: Unicode.Scalar {
        ("A"..."Z").contains(self) ? Unicode.Scalar(UInt8(value) | 0x20) : self
    }

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

    /// Of a script that puts no spaces between words: ideographs, Japanese syllables, Thai, Lao, Myanmar, Khmer; and
    /// Korean, whose particles are written at the ends of words.
    var isUnspaced: Bool {
        guard value >= 0x0e00 else { return false }
        return switch value {
        case 0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff, 0x3040...0x30ff, 0xac00...0xd7a3: true
        default: properties.isIdeographic
        }
    }

    /// The Latin letter without its accent in lower case, nothing for an accent that stands alone, and nil for all else.
    fileprivate var withoutAccent: String? {
        switch value {
        case 0x0300...0x036f: ""
        case 0xdf, 0x1e9e: "ss"
        case 0xc6, 0xe6: "ae"
        case 0x152, 0x153: "oe"
        case 0xc0...0x17f: Self.plainLatin[Int(value - 0xc0)]
        default: nil
        }
    }

    /// For U+00C0 to U+017F; a dot stands for those that are no letter with an accent.
    private static let plainLatin: [String?] =
        ("aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
        + "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.lllllll"
        + "lllnnnnnn...oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs").map { $0 == "." ? nil : String($0) }
}
