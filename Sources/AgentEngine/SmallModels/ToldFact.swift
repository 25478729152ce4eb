/// A fact that the user tells of themselves, or of somebody the agent knows, as a note in the third person.
struct ToldFact: Sendable {
    let note: String

    /// Nil for a question, a request, a greeting, and what is only of the moment.
    init?(_ sentence: EnglishSentence, after said: [String], people: KnownPeople) {
        let isAsked = Self.isAskedFor(sentence)
        guard isAsked || !sentence.isQuestion && !Request.isImperative(sentence) && !Self.isOfTheMoment(sentence) else {
            return nil
        }
        var text = Self.withoutFrame(sentence.text)
        text = Self.renamed(text)
        let told = EnglishSentence(text)
        guard told.words.count >= 2, !told.text.hasSuffix("?") else { return nil }
        guard let named = Self.aboutSomebody(told, said, people) ?? (isAsked ? told.text : nil) else { return nil }
        var note = GrammaticalPerson.third(named)
        note = note.prefix(1).uppercased() + note.dropFirst()
        if let last = note.last, !".!".contains(last) { note += "." }
        self.note = note
    }

    // MARK: What is a fact

    private static let asking = [
        "remember", "don't forget", "do not forget", "keep in mind", "make a note", "take a note", "note that",
        "note down",
        "write down", "write this down", "save this", "save that", "please save", "store this", "store that",
        "please store",
        "memorize", "memorise", "bear in mind",
    ]

    /// Whether the user asks to remember something.
    static func isAskedFor(_ sentence: EnglishSentence) -> Bool {
        !sentence.text.hasSuffix("?") && sentence.contains(anyOf: asking)
            && !sentence.contains(anyOf: ["don't remember", "do not remember", "can't remember", "i remember"])
            && !sentence.isQuestion
            || sentence.text.hasSuffix("?")
                && sentence.contains(anyOf: ["can you remember that", "could you remember that"])
    }

    private static let firstPerson: Set<String> = [
        "i", "i'm", "i've", "i'd", "my", "me", "mine", "we", "we're", "we've", "our", "us",
    ]
    private static let momentary = [
        "last night", "yesterday", "today", "tonight", "this morning", "this evening", "this afternoon", "just now",
    ]
    private static let idle = [
        "i'm fine", "i'm good", "i'm ok", "i'm okay", "i'm well", "i'm great", "i'm tired", "i'm back", "i'm here",
        "i'm sorry",
        "i'm sure", "i'm afraid", "i'm not sure", "i'm happy", "i'm glad", "i'm wondering", "i'm asking", "i'm looking",
        "i see", "i think", "i guess", "i hope", "i mean", "i wonder", "i know", "i don't know", "i understand",
        "i believe",
        "i want", "i need", "i would like", "i'd like", "i'll", "i will", "i said", "i asked", "i told",
        "i was wondering",
        "let me", "let us", "tell me", "give me", "show me", "help me", "i have a question", "i can't wait",
        "thank you", "thanks",
        "my bad", "my mistake", "my pleasure", "excuse me", "i agree", "i didn't", "i did", "i do",
        "i don't understand",
    ]

    private static func isOfTheMoment(_ sentence: EnglishSentence) -> Bool {
        sentence.contains(anyOf: momentary)
            || idle.contains { sentence.words.joined(separator: " ").hasPrefix($0 + " ") }
            || idle.contains(sentence.words.joined(separator: " "))
    }

    /// The text with the name of whom it is about; nil when it is about nobody known.
    private static func aboutSomebody(_ told: EnglishSentence, _ said: [String], _ people: KnownPeople) -> String? {
        guard let first = told.words.first, told.words.count >= 3 else { return nil }
        if ["he", "she", "he's", "she's", "it's", "his", "her", "they", "it"].contains(first) {
            guard let name = people.lastNamed(in: said) else { return nil }
            let rest = told.text.drop { !$0.isWhitespace }
            switch first {
            case "he's", "she's", "it's": return "\(name) is\(rest)"
            case "his", "her": return "\(name)'s\(rest)"
            default: return "\(name)\(rest)"
            }
        }
        if told.words.contains(where: firstPerson.contains) { return told.text }
        return people.isKnown(first) ? told.text : nil
    }

    // MARK: Wording

    private static let frames = [
        "please", "actually", "no", "well", "oh", "sorry", "hi", "hello", "hey", "ok", "okay", "and", "also",
        "by the way", "yes",
        "correction", "i changed my mind", "remember", "that", "don't forget", "do not forget", "keep in mind",
        "bear in mind",
        "make a note", "take a note", "note down", "note", "write down", "write this down", "save this", "save",
        "store this",
        "store", "memorize", "memorise", "to", "of",
    ]

    /// The fact without what announces it.
    private static func withoutFrame(_ text: String) -> String {
        var rest = text.replacing("’", with: "'")[...]
        var isShorter = true
        while isShorter {
            isShorter = false
            rest = rest.drop { !$0.isLetter && !$0.isNumber }
            for frame in frames where rest.lowercased().hasPrefix(frame) {
                let after = rest.dropFirst(frame.count)
                guard let next = after.first, !next.isLetter, next != "'", next != "-", rest.count > frame.count + 1
                else { continue }
                rest = after
                isShorter = true
                break
            }
        }
        var result = String(rest)
        for end in [", by the way", ", please", " by the way", " please", ", you know"] {
            for mark in [".", "!", ""] where result.lowercased().hasSuffix(end + mark) {
                result = String(result.dropLast(end.count + mark.count))
                break
            }
        }
        return result.replacing(", please:", with: ":")
    }

    /// `You can call me Ann` and `I'm called Ann` are a name.
    private static func renamed(_ text: String) -> String {
        for phrase in [
            "you can call me ", "you may call me ", "call me ", "i am called ", "i'm called ", "people call me ",
        ]
        where text.lowercased().hasPrefix(phrase) {
            return "My name is " + text.dropFirst(phrase.count)
        }
        let words = text.split(separator: " ")
        for start in [["i'm"], ["i", "am"]]
        where words.count == start.count + 1 && words.last?.first?.isUppercase == true {
            if words.prefix(start.count).map({ $0.lowercased() }) == start { return "My name is \(words[start.count])" }
        }
        return text
    }

    // MARK: The agent

    /// How the agent is to be, in its own words; nil when the sentence asks for nothing of this kind.
    static func manner(_ sentence: EnglishSentence) -> String? {
        let text = sentence.text.replacing("’", with: "'")
        for phrase in [
            "your name is ", "your new name is ", "your name will be ", "call you ", "call yourself ",
            "you are called ",
            "you're called ", "your name should be ",
        ] {
            guard let range = text.lowercased().firstRange(of: phrase), !sentence.isQuestion else { continue }
            let length = text.lowercased().distance(from: text.lowercased().startIndex, to: range.upperBound)
            let name = text.dropFirst(length).prefix { $0.isLetter || $0 == "-" || $0 == "'" }
            return name.first?.isUppercase == true ? "My name is \(name)." : nil
        }
        let isManner =
            sentence.contains(anyOf: [
                "from now on", "always answer", "always speak", "you should be", "you should always",
            ])
            || ["be", "speak", "talk"].contains(Request.words(of: sentence).first ?? "") && sentence.words.count <= 8
        guard isManner, !sentence.isQuestion, !sentence.words.contains(where: ["i", "i'm", "i'll"].contains) else {
            return nil
        }
        return "The user wants of me: \(text)"
    }
}
