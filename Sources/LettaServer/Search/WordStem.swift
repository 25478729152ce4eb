/// Reduces English words to stems by Porter's algorithm: `guarantee` and `guaranteed` are both `guarante`.
///
/// A stem need not be a word, as long as it is the same for texts and queries. Words with other characters than `a` to
/// `z` are their own stems.
struct WordStem {
    private var word: [UInt8]

    /// - Parameter word: in lower case.
    static func stem(of word: String) -> String {
        let bytes = Array(word.utf8)
        guard bytes.count > 2, bytes.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            return word
        }
        var stem = WordStem(word: bytes)
        stem.reduce()
        return String(decoding: stem.word, as: UTF8.self)
    }

    private mutating func reduce() {
        removePlural()
        removePastAndProgressive()
        if hasEnding("y"), hasVowel(before: word.count - 1) { word[word.count - 1] = UInt8(ascii: "i") }
        replaceFirst(of: Self.doubleEndings, measure: 0)
        replaceFirst(of: Self.singleEndings, measure: 0)
        removeFirst(of: Self.longEndings, measure: 1)
        removeFinalLetters()
    }

    // MARK: The form of a word

    private func isConsonant(_ index: Int) -> Bool {
        switch word[index] {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        case UInt8(ascii: "y"): index == 0 || !isConsonant(index - 1)
        default: true
        }
    }

    /// The number of consonants that follow vowels before `end`, each run counted once.
    private func measure(before end: Int) -> Int {
        var (count, wasVowel) = (0, false)
        for index in 0..<end {
            let isVowel = !isConsonant(index)
            if wasVowel, !isVowel { count += 1 }
            wasVowel = isVowel
        }
        return count
    }

    private func hasVowel(before end: Int) -> Bool {
        (0..<end).contains { !isConsonant($0) }
    }

    private var endsWithDoubleConsonant: Bool {
        let last = word.count - 1
        return last > 0 && word[last] == word[last - 1] && isConsonant(last)
    }

    /// Whether a consonant, a vowel and a consonant other than `w`, `x` and `y` stand before `end`.
    private func endsLikeHop(before end: Int) -> Bool {
        guard end > 2, isConsonant(end - 1), !isConsonant(end - 2), isConsonant(end - 3) else { return false }
        return !"wxy".utf8.contains(word[end - 1])
    }

    private func hasEnding(_ ending: StaticString) -> Bool {
        let count = ending.utf8CodeUnitCount
        guard count < word.count else { return false }
        return ending.withUTF8Buffer { word.suffix(count).elementsEqual($0) }
    }

    private mutating func replaceEnding(_ count: Int, by text: StaticString) {
        word.removeLast(count)
        text.withUTF8Buffer { word.append(contentsOf: $0) }
    }

    // MARK: The steps

    private mutating func removePlural() {
        if hasEnding("sses") || hasEnding("ies") {
            word.removeLast(2)
        } else if hasEnding("s"), !hasEnding("ss") {
            word.removeLast()
        }
    }

    private mutating func removePastAndProgressive() {
        if hasEnding("eed") {
            if measure(before: word.count - 3) > 0 { word.removeLast() }
            return
        }
        let count = hasEnding("ed") ? 2 : hasEnding("ing") ? 3 : 0
        guard count > 0, hasVowel(before: word.count - count) else { return }
        word.removeLast(count)
        if hasEnding("at") || hasEnding("bl") || hasEnding("iz") {
            word.append(UInt8(ascii: "e"))
        } else if endsWithDoubleConsonant, let last = word.last, !"lsz".utf8.contains(last) {
            word.removeLast()
        } else if measure(before: word.count) == 1, endsLikeHop(before: word.count) {
            word.append(UInt8(ascii: "e"))
        }
    }

    private static let doubleEndings: [(StaticString, StaticString)] = [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
        ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
        ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
        ("iviti", "ive"), ("biliti", "ble"),
    ]
    private static let singleEndings: [(StaticString, StaticString)] = [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ]
    private static let longEndings: [StaticString] = [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
        "iti", "ous", "ive", "ize",
    ]

    /// Replaces the first ending that the word has, if the rest of the word is long enough.
    private mutating func replaceFirst(of endings: [(StaticString, StaticString)], measure least: Int) {
        guard let (ending, text) = endings.first(where: { hasEnding($0.0) }) else { return }
        let count = ending.utf8CodeUnitCount
        if measure(before: word.count - count) > least { replaceEnding(count, by: text) }
    }

    private mutating func removeFirst(of endings: [StaticString], measure least: Int) {
        guard let ending = endings.first(where: hasEnding) else { return }
        let rest = word.count - ending.utf8CodeUnitCount
        guard measure(before: rest) > least else { return }
        if hasEnding("ion"), !"st".utf8.contains(word[rest - 1]) { return }
        word.removeLast(word.count - rest)
    }

    private mutating func removeFinalLetters() {
        if hasEnding("e") {
            let rest = word.count - 1
            let measure = measure(before: rest)
            if measure > 1 || (measure == 1 && !endsLikeHop(before: rest)) { word.removeLast() }
        }
        if hasEnding("ll"), measure(before: word.count) > 1 { word.removeLast() }
    }
}
