/// Reads from the user's words what is to be written into the memory: what they tell of themselves and of others, what they
/// correct, what they want forgotten, what goes on a list or off it, and how the agent is to be.
///
/// By fixed rules for English: a small model asked for the same forgets most of it, and invents the rest.
struct MemoryRequest: Sendable {
    let blocks: [MemoryBlock]
    /// What the user said before, the newest last: a pronoun is about somebody named there.
    let earlier: [String]

    private static let humanLabel = "human"
    private static let personaLabel = "persona"
    /// Longer texts are not told in passing, and a block has limits.
    private static let longest = 600

    private var writable: [MemoryBlock] { blocks.filter { !$0.readOnly } }
    var facts: KnownFacts { KnownFacts(blocks: blocks) }

    func changes(in text: String) -> [MemoryChange] {
        guard !writable.isEmpty, text.unicodeScalars.count <= Self.longest else { return [] }
        var changes: [MemoryChange] = []
        var said = earlier
        for sentence in EnglishSentence.all(in: text) {
            changes += self.changes(in: sentence, said).filter { !changes.contains($0) }
            said.append(sentence.text)
        }
        return changes
    }

    private func changes(in sentence: EnglishSentence, _ said: [String]) -> [MemoryChange] {
        if let changes = listChanges(sentence) { return changes }
        if let changes = forgetting(sentence) { return changes }
        return noting(sentence, said)
    }

    // MARK: Lists

    /// The block that holds a list, by its label or its description.
    var list: MemoryBlock? {
        writable.first { block in
            let about = EnglishStems.stems(in: block.label.replacing("_", with: " "))
            return about.contains("todo") || about.contains("shopp")
        }
            ?? writable.first {
                $0.label != Self.humanLabel && EnglishStems.stems(in: $0.description ?? "").contains("todo")
            }
    }

    private static let removing = ["remove", "take", "cross", "strike", "delete", "drop", "check", "tick"]

    private func listChanges(_ sentence: EnglishSentence) -> [MemoryChange]? {
        guard let list else { return nil }
        let words = Request.words(of: sentence)
        let namesList = sentence.contains(anyOf: ["list", "to-do list", "shopping list", "todo list", "to-do", "todo"])
        // `Add milk too.` names no list, and there is one.
        let goesOn = words.first == "add" && !sentence.isQuestion && !sentence.words.contains("to")
        let isWish = Request.isImperative(sentence) || !sentence.isQuestion
        guard namesList || goesOn, isWish else { return nil }
        if words.contains(where: Self.removing.contains) {
            let lines = ListItems.lines(of: list.value)
            let wanted = EnglishStems.stems(in: sentence.text).subtracting(["todo"])
            let named = lines.filter { !EnglishStems.stems(in: $0).isDisjoint(with: wanted) }
            let whole = words.contains("everything") || words.contains("clear")
            return (whole ? lines : named).map { .remove($0, from: list.label) }
        }
        let items = ListItems.items(in: sentence)
        let known = Set(ListItems.lines(of: list.value).map { ListItems.item(of: $0).lowercased() })
        let new = items.filter { !known.contains($0.lowercased()) }
        guard !items.isEmpty else { return nil }
        return new.isEmpty ? [] : [.add(new.map { "- \($0)" }.joined(separator: "\n"), to: list.label)]
    }

    // MARK: Forgetting

    private static let forgetting = ["forget", "delete", "erase", "remove", "don't remember", "do not remember"]

    /// Whether a sentence asks to forget something; of what it is then.
    static func isForgetting(_ sentence: EnglishSentence) -> Set<String>? {
        let words = Request.words(of: sentence)
        guard let first = words.first,
            forgetting.contains(first) || forgetting.contains(words.prefix(2).joined(separator: " "))
                || sentence.contains(anyOf: ["you can forget", "you may forget", "you should forget", "please forget"]),
            !sentence.contains(anyOf: ["don't forget", "do not forget", "never forget", "forget it", "never mind"])
        else { return nil }
        let stems = EnglishStems.stems(in: sentence.text).subtracting(["memory", "delet", "eras", "remov"])
        return stems.isEmpty ? nil : stems
    }

    private func forgetting(_ sentence: EnglishSentence) -> [MemoryChange]? {
        guard let stems = Self.isForgetting(sentence) else { return nil }
        let people = facts.people
        let about = people.canonical(stems)
        return writable.flatMap { block in
            BlockText.lines(of: block.value).filter { line in
                guard !line.isEmpty else { return false }
                return about.isSubset(of: people.canonical(EnglishStems.stems(in: line)))
                    && people.subject(of: line) == people.subject(of: sentence.text)
            }.map { .remove($0, from: block.label) }
        }
    }

    // MARK: Facts

    private func noting(_ sentence: EnglishSentence, _ said: [String]) -> [MemoryChange] {
        if let manner = ToldFact.manner(sentence), let block = writable.first(where: { $0.label == Self.personaLabel })
        {
            return change(of: block, with: manner, replacing: replaced(by: manner, sentence, in: block))
        }
        guard let note = ToldFact(sentence, after: said, people: facts.people)?.note, let block = block(for: sentence)
        else { return [] }
        return change(of: block, with: note, replacing: replaced(by: note, sentence, in: block))
    }

    private func change(of block: MemoryBlock, with note: String, replacing old: String?) -> [MemoryChange] {
        if BlockText.lines(of: block.value).contains(note) { return [] }
        return [old.map { .replace($0, by: note, in: block.label) } ?? .add(note, to: block.label)]
    }

    /// What is known of people goes to the block for that, unless the user names another one.
    private func block(for sentence: EnglishSentence) -> MemoryBlock? {
        let others = writable.filter { $0.label != Self.personaLabel && $0.label != Self.humanLabel }
        if sentence.contains(anyOf: ["note", "notes", "save", "write", "block", "remember"]),
            let named = others.first(where: { sentence.contains($0.label.lowercased().replacing("_", with: " ")) })
        {
            return named
        }
        return writable.first { $0.label == Self.humanLabel } ?? others.first { $0.label != list?.label }
            ?? others.first
    }

    private static let correcting = [
        "actually", "correction", "no longer", "any more", "anymore", "now", "instead", "changed", "moved", "new",
        "not",
        "sorry", "isn't", "from now on", "rather", "wrong", "meant",
    ]

    /// The sentence that is not true any more: about the same, where the sentence corrects something or says of the same
    /// thing that it is something else.
    private func replaced(by note: String, _ sentence: EnglishSentence, in block: MemoryBlock) -> String? {
        let people = facts.people
        let lines = BlockText.lines(of: block.value).flatMap { EnglishSentence.all(in: $0).map(\.text) }
        let subject = people.subject(of: note)
        let same = lines.filter { people.subject(of: $0) == subject }
        if let thing = Self.thing(in: note),
            let line = same.first(where: { Self.thing(in: GrammaticalPerson.note($0)) == thing })
        {
            return line
        }
        guard sentence.contains(anyOf: Self.correcting) else { return nil }
        let own = people.canonical(EnglishStems.stems(in: note)).subtracting(subject.map { [$0] } ?? [])
        let scored = same.map { line in
            (line, people.canonical(EnglishStems.stems(in: line)).intersection(own).subtracting(["like"]).count)
        }
        let best = scored.max { $0.1 < $1.1 }
        if let best, best.1 > 0 { return best.0 }
        return nil
    }

    /// `The user's favourite colour` of `The user's favourite colour is green`.
    private static func thing(in note: String) -> String? {
        for copula in [" is ", " are "] {
            guard let range = note.firstRange(of: copula) else { continue }
            let thing = note[..<range.lowerBound].lowercased()
            return thing.contains("'s ") && thing.split(separator: " ").count <= 6 ? thing : nil
        }
        return nil
    }
}

/// What somebody asks to be done.
enum Request {
    private static let polite: Set<String> = [
        "please", "could", "can", "would", "will", "you", "kindly", "and", "ok", "okay", "hey", "also", "now", "then",
    ]

    /// The words behind `Can you please`.
    static func words(of sentence: EnglishSentence) -> [String] {
        Array(sentence.words.drop(while: polite.contains))
    }

    /// What is done outside of the conversation.
    static let outside: Set<String> = [
        "send", "email", "mail", "text", "message", "write", "call", "phone", "ring", "turn", "switch", "dim", "book",
        "reserve",
        "order", "buy", "transfer", "pay", "set", "start", "stop", "schedule", "play", "open", "close", "lock",
        "unlock", "print",
        "download", "upload", "post", "invite", "remind", "wake", "cancel", "charge",
    ]
    private static let inside: Set<String> = [
        "add", "put", "remove", "take", "cross", "delete", "forget", "tell", "show", "read", "give", "look", "check",
        "find",
        "search", "explain", "translate", "help", "make", "create", "list", "say", "describe", "summarize", "compare",
        "suggest",
        "recommend", "calculate", "count", "repeat", "answer", "stop", "let", "drop", "strike", "include", "note",
    ]

    static func isImperative(_ sentence: EnglishSentence) -> Bool {
        guard let first = words(of: sentence).first, first.count < sentence.text.count else { return false }
        return outside.contains(first) || inside.contains(first)
    }

    static func isOutside(_ sentence: EnglishSentence) -> Bool {
        let words = words(of: sentence)
        guard let first = words.first, outside.contains(first), words.count > 1 else { return false }
        // `Write a poem` is done in the answer.
        if first == "write" || first == "text" || first == "message" {
            return sentence.contains(anyOf: ["message", "email", "letter to", "text", "to"])
        }
        return
            !(sentence.isQuestion && !["can", "could", "would", "will", "please"].contains(sentence.words.first ?? ""))
    }
}

/// The things on a list, and those that a sentence names.
enum ListItems {
    static func lines(of value: String) -> [String] {
        BlockText.lines(of: value).filter { $0.contains { $0.isLetter || $0.isNumber } }
    }

    /// Without the mark before it.
    static func item(of line: String) -> String { line[...].trimming { !$0.isLetter && !$0.isNumber } }

    private static let frame: Set<String> = [
        "please", "too", "also", "can", "you", "could", "would", "we", "i", "need", "and", "as", "well", "to-do",
        "todo", "shopping",
        "them", "it", "that", "should", "be", "is",
    ]

    /// `milk` and `eggs` of `Please add milk and eggs to my list.`
    static func items(in sentence: EnglishSentence) -> [String] {
        var text =
            " " + sentence.text.replacing("’", with: "'")[...].trimming { ".!?".contains($0) || $0.isWhitespace } + " "
        for phrase in [
            "to my list", "to the list", "on my list", "on the list", "to my to-do list", "to my todo list",
            "onto the list",
            "to my shopping list", "on my shopping list", "on my to-do list", "to the shopping list",
            "to the to-do list",
            "on the shopping list", "to our list", "on our list", "should be",
        ] {
            if let range = text.lowercased().firstRange(of: " \(phrase)"), let own = text.range(matching: range) {
                text.replaceSubrange(own, with: " ,")
            }
        }
        let pieces = text.replacing(" and ", with: ",").split(separator: ",")
        return pieces.compactMap { piece in
            var words = piece.split(whereSeparator: \.isWhitespace)
            let verbs: Set<String> = ["add", "put", "write", "note", "include"]
            while let first = words.first?.lowercased(),
                frame.contains(first) || verbs.contains(first) || first == "some"
            {
                words.removeFirst()
            }
            while let last = words.last?.lowercased(), frame.contains(last) { words.removeLast() }
            let item = words.joined(separator: " ")[...].trimming { !$0.isLetter && !$0.isNumber }
            return item.isEmpty ? nil : item
        }
    }
}

extension String {
    /// The range at the same distance from the start, in a text whose lower case `range` is of.
    fileprivate func range(matching range: Range<String.Index>) -> Range<String.Index>? {
        let lowered = lowercased()
        guard lowered.count == count else { return nil }
        let start = index(startIndex, offsetBy: lowered.distance(from: lowered.startIndex, to: range.lowerBound))
        return start..<index(start, offsetBy: lowered.distance(from: range.lowerBound, to: range.upperBound))
    }
}
