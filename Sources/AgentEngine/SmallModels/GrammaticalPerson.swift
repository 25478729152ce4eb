/// Turns what somebody says of themselves into what can be noted about them, and back into what can be said to them.
enum GrammaticalPerson {
    /// `I live in Porto with my dog` becomes `The user lives in Porto with the user's dog`.
    static func third(_ text: String) -> String {
        swapped(text, words: toThird) {
            $0 == "i" || $0 == "we"
        } verb: {
            inflected($0)
        }
    }

    /// What somebody wrote down of themselves, with each sentence of it in the third person. Sentences that speak of `the
    /// user` already, and those without `I` and `my`, stay as they are.
    static func note(_ text: String) -> String {
        var cutter = SentenceCutter()
        return (cutter.add(text) + [cutter.rest]).map { piece in
            let sentence = EnglishSentence(piece)
            guard !sentence.contains(anyOf: ["the user", "the user's"]),
                sentence.words.contains(where: ofTheWriter.contains)
            else {
                return piece
            }
            let start = piece.prefix { !$0.isLetter }
            let told = third(String(piece.dropFirst(start.count)))
            return start + told.prefix(1).uppercased() + told.dropFirst()
        }.joined()
    }

    private static let ofTheWriter: Set<String> = [
        "i", "i'm", "i've", "i'd", "i'll", "my", "we", "we're", "we've", "our",
    ]

    /// `Turn off my light` becomes `turn off your light`.
    static func second(_ text: String) -> String {
        swapped(text, words: toSecond) { _ in
            false
        } verb: {
            $0
        }
    }

    /// A note of ``third(_:)`` becomes `You live in Porto with your dog`.
    static func addressed(_ note: String) -> String {
        var words = note.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        var place = 0
        while place + 1 < words.count {
            guard words[place].lowercased() == "the", words[place + 1].hasPrefix("user") else {
                place += 1
                continue
            }
            let isFirst = words[place] == "The"
            let tail = words[place + 1].dropFirst(4)
            if tail.hasPrefix("'s") {
                words.replaceSubrange(place...(place + 1), with: [(isFirst ? "Your" : "your") + tail.dropFirst(2)])
            } else {
                words.replaceSubrange(place...(place + 1), with: [(isFirst ? "You" : "you") + tail])
                if tail.isEmpty, place + 1 < words.count { words[place + 1] = plain(words[place + 1]) }
            }
            place += 1
        }
        return words.joined(separator: " ")
    }

    // MARK: Words

    private static let toThird = [
        "i": "the user", "me": "the user", "my": "the user's", "mine": "the user's", "myself": "the user",
        "i'm": "the user is",
        "i've": "the user has", "i'd": "the user would", "i'll": "the user will", "we": "the user",
        "we're": "the user is",
        "we've": "the user has", "our": "the user's", "us": "the user", "ours": "the user's",
    ]
    private static let toSecond = [
        "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're", "i've": "you've",
        "i'd": "you'd", "i'll": "you'll", "we": "you", "our": "your", "us": "you", "your": "my", "you": "me",
    ]

    private static func swapped(
        _ text: String, words table: [String: String], isSubject: (String) -> Bool, verb: (String) -> String
    ) -> String {
        var result: [String] = []
        var takesVerb = false
        for piece in text.split(separator: " ", omittingEmptySubsequences: false) {
            let plain = piece.lowercased().replacing("’", with: "'")
            let core = plain[...].trimming { !$0.isLetter && !$0.isNumber }
            let isCountry = piece.hasPrefix("US")
            if !isCountry, let other = table[core], let range = plain.firstRange(of: core) {
                let start = plain[..<range.lowerBound]
                result.append("\(start)\(other)\(plain[range.upperBound...])")
                takesVerb = isSubject(core)
            } else if takesVerb, !core.isEmpty, !adverbs.contains(core) {
                result.append(verb(String(piece)))
                takesVerb = false
            } else {
                result.append(String(piece))
            }
        }
        return result.joined(separator: " ")
    }

    private static let adverbs: Set<String> = [
        "also", "really", "always", "often", "usually", "never", "just", "now", "still",
    ]

    private static let irregular = [
        "am": "is", "are": "is", "have": "has", "do": "does", "go": "goes", "don't": "doesn't", "haven't": "hasn't",
        "were": "was",
    ]
    /// Verbs whose form is the same for all persons.
    private static let fixed: Set<String> = [
        "was", "can", "can't", "cannot", "could", "couldn't", "will", "won't", "would", "wouldn't", "should",
        "shouldn't",
        "must", "may", "might", "had", "did", "didn't", "wasn't", "went", "bought", "got", "made", "took", "had",
        "grew",
        "began", "came", "found", "gave", "knew", "left", "lost", "met", "ran", "said", "saw", "sold", "spent", "told",
        "thought", "wrote", "used", "dreamt", "kept", "built", "drove", "ate", "became", "broke", "chose", "felt",
        "won",
    ]

    private static func inflected(_ verb: String) -> String {
        let lowered = verb.lowercased()
        if let other = irregular[lowered] { return other }
        if fixed.contains(lowered) || lowered.hasSuffix("ed") || lowered.hasSuffix("ly") { return verb }
        guard verb.last?.isLetter == true else { return verb }
        if ["s", "x", "z", "ch", "sh"].contains(where: lowered.hasSuffix) { return verb + "es" }
        if lowered.hasSuffix("y"), let before = lowered.dropLast().last, !"aeiou".contains(before) {
            return String(verb.dropLast()) + "ies"
        }
        return verb + "s"
    }

    /// The form of a verb behind `you`.
    private static func plain(_ verb: String) -> String {
        switch verb {
        case "is": return "are"
        case "has": return "have"
        case "does": return "do"
        case "goes": return "go"
        case "was": return "were"
        case "doesn't": return "don't"
        case "hasn't": return "haven't"
        default: break
        }
        guard verb.hasSuffix("s"), !verb.hasSuffix("ss"), verb.count > 3 else { return verb }
        if verb.hasSuffix("ies") { return String(verb.dropLast(3)) + "y" }
        if ["ches", "shes", "xes", "sses", "zes"].contains(where: verb.hasSuffix) { return String(verb.dropLast(2)) }
        return String(verb.dropLast())
    }
}
