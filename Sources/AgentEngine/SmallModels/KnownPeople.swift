/// The people and animals that the memory names, and what they are to the user: `sister` and `Ines` are one.
struct KnownPeople: Sendable {
    /// Who a word is about, by its stem.
    private var canonicals: [String: String] = [:]
    /// The names as they are written, by their stems.
    private var names: [String: String] = [:]

    static let relations: Set<String> = [
        "sister", "brother", "mother", "father", "mum", "mom", "dad", "wife", "husband", "partner", "girlfriend",
        "boyfriend", "son",
        "daughter", "child", "friend", "boss", "neighbour", "neighbor", "colleague", "aunt", "uncle", "cousin",
        "grandmother",
        "grandfather", "grandma", "grandpa", "niece", "nephew", "dog", "cat", "horse", "parrot", "doctor", "dentist",
        "teacher",
        "landlord", "flatmate", "roommate",
    ]

    init(lines: [String]) {
        for line in lines { learn(from: line) }
    }

    /// `The user has a sister called Ines`, `The user's sister's name is Ines`, `Ines is the user's sister`.
    private mutating func learn(from line: String) {
        let words = line.split(whereSeparator: \.isWhitespace).map { $0[...].trimming { !$0.isLetter && $0 != "'" } }
        for (place, word) in words.enumerated() {
            let name = Self.bare(word)
            guard name.first?.isUppercase == true,
                !["The", "My", "Your", "A", "An", "On", "In", "At", "This"].contains(name)
            else { continue }
            let stem = name.lowercased()
            let before = words[..<place].suffix(5).map { Self.bare($0).lowercased() }
            let after = words[(place + 1)...].prefix(5).map { Self.bare($0).lowercased() }
            let isNaming =
                !Set(before.suffix(2)).isDisjoint(with: ["called", "named", "is"])
                && before.contains { $0 == "name" || $0 == "called" || $0 == "named" }
            if isNaming, let relation = before.last(where: Self.relations.contains) {
                (canonicals[relation], names[stem]) = (stem, name)
            } else if place == 0, after.first == "is", let relation = after.first(where: Self.relations.contains),
                after.contains("user")
            {
                (canonicals[relation], names[stem]) = (stem, name)
            } else if let relation = before.last, Self.relations.contains(relation), canonicals[relation] == nil {
                (canonicals[relation], names[stem]) = (stem, name)
            }
        }
    }

    private static func bare(_ word: String) -> String {
        for ending in ["'s", "'", "s'"] where word.hasSuffix(ending) { return String(word.dropLast(ending.count)) }
        return word
    }

    func isKnown(_ word: String) -> Bool {
        let bare = Self.bare(word)
        return names[bare] != nil
    }

    /// With each word for a person replaced by one.
    func canonical(_ stems: Set<String>) -> Set<String> { Set(stems.map { canonicals[$0] ?? $0 }) }

    /// Who a sentence is about: the first one it names. Nil for the user.
    func subject(of text: String) -> String? {
        for sentence in EnglishSentence.all(in: text) {
            if Self.isAboutTheUser(sentence.words) { return nil }
            for word in sentence.words {
                let bare = Self.bare(word)
                if Self.relations.contains(bare) { return canonicals[bare] ?? bare }
                if names[bare] != nil { return bare }
            }
        }
        return nil
    }

    /// `I play chess with Ines` is about the user, `I have a sister called Ines` is not.
    private static func isAboutTheUser(_ words: [String]) -> Bool {
        let rest: ArraySlice<String>
        switch (words.first, words.dropFirst().first) {
        case ("the", "user"): rest = words.dropFirst(2)
        case ("i", _), ("we", _): rest = words.dropFirst()
        case ("i'm", _): return true
        default: return false
        }
        return !["has", "have", "had", "got"].contains(rest.first ?? "")
    }

    /// The one that was named last, as a sentence can begin with it.
    func lastNamed(in said: [String]) -> String? {
        for text in said.suffix(4).reversed() {
            for sentence in EnglishSentence.all(in: text).reversed() {
                for word in sentence.words {
                    let bare = Self.bare(word)
                    if let name = names[bare] { return name }
                    if Self.relations.contains(bare) {
                        return canonicals[bare].flatMap { names[$0] } ?? "The user's \(bare)"
                    }
                }
            }
        }
        return nil
    }
}
