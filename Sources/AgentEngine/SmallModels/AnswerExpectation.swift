/// What a small model's answer has to be like, known before it is asked: put before it, and checked in what it says.
struct AnswerExpectation: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Whatever is said is right, as long as it claims no act that was not done.
        case talk
        /// One of these facts must be in it.
        case facts([KnownFacts.Fact])
        /// All of these must be in it.
        case all([String])
        /// That it is not known.
        case unknown
        /// That it can't be done.
        case impossible
    }

    let kind: Kind
    /// What the user said, that the answer is to.
    let sentence: EnglishSentence
    /// What is said when the model says something else.
    let own: String

    // MARK: Making

    init(_ plan: SmallModelPlan) {
        let sentences = EnglishSentence.all(in: plan.userText)
        let question = sentences.last {
            $0.isQuestion || $0.words.first == "tell" || $0.contains("my list") && Request.isImperative($0)
        }
        let last = question ?? sentences.last ?? EnglishSentence("")
        if let refused = sentences.last(where: Request.isOutside), plan.changes.isEmpty, !plan.mayAct(on: refused) {
            self.init(.impossible, refused, own: Self.refusal(of: refused))
        } else if let question, plan.changes.isEmpty {
            self = Self.answer(to: question, plan)
        } else {
            self.init(.talk, last, own: Self.reply(to: last, plan))
        }
    }

    private init(_ kind: Kind, _ sentence: EnglishSentence, own: String) {
        (self.kind, self.sentence, self.own) = (kind, sentence, own)
    }

    /// The same, with any answer allowed.
    var asTalk: AnswerExpectation { AnswerExpectation(.talk, sentence, own: own) }

    private static func answer(to question: EnglishSentence, _ plan: SmallModelPlan) -> AnswerExpectation {
        if question.contains("list") || question.contains("to-do"),
            let list = MemoryRequest(blocks: plan.blocks, earlier: []).list
        {
            let items = ListItems.lines(of: list.value).map(ListItems.item)
            let own = items.isEmpty ? "Your list is empty." : "On your list: \(Self.joined(items))."
            return AnswerExpectation(.all(items.isEmpty ? ["empty"] : items), question, own: own)
        }
        if MemoryQuestion.isAboutTheFuture(question) {
            return AnswerExpectation(.unknown, question, own: "I don't know that: nobody can know it yet.")
        }
        if MemoryQuestion.isAboutTheAgent(question), let name = plan.ownName {
            return AnswerExpectation(.all([name]), question, own: "My name is \(name).")
        }
        let facts = KnownFacts(blocks: plan.blocks, recalled: plan.recalled)
        switch facts.verdict(on: question) {
        case .known(let found): return AnswerExpectation(.facts(found), question, own: Self.told(found[0]))
        case .unknown: return AnswerExpectation(.unknown, question, own: Self.ignorance(of: question))
        case .other: return AnswerExpectation(.talk, question, own: Self.reply(to: question, plan))
        }
    }

    // MARK: Words of its own

    static func told(_ fact: KnownFacts.Fact) -> String {
        switch fact.source {
        case .block: GrammaticalPerson.addressed(fact.text)
        case .archive: fact.text
        case .conversation: "You told me: \"\(fact.text)\""
        }
    }

    static func joined(_ items: [String]) -> String {
        items.count < 2 ? items.first ?? "" : items.dropLast().joined(separator: ", ") + " and " + (items.last ?? "")
    }

    private static func refusal(of request: EnglishSentence) -> String {
        let words = Request.words(of: request)
        let spoken = request.text.split(whereSeparator: \.isWhitespace).suffix(words.count).joined(separator: " ")
        let text = GrammaticalPerson.second(spoken[...].trimming { ".!?".contains($0) })
            .replacing(", please", with: "")
        guard text.count <= 100 else { return "I can't do that: I have no tool for it." }
        return "I can't \(text.prefix(1).lowercased() + text.dropFirst()): I have no tool for it."
    }

    private static func ignorance(of question: EnglishSentence) -> String {
        let text = question.text.replacing("’", with: "'")[...].trimming { "?!.".contains($0) }
        let lowered = text.lowercased()
        for (start, before, after) in [
            ("what is ", "", ""), ("what's ", "", ""), ("what was ", "", ""), ("who is ", "who ", " is"),
            ("who's ", "who ", " is"),
            ("where is ", "where ", " is"), ("where's ", "where ", " is"), ("when is ", "when ", " is"),
            ("how tall is ", "how tall ", " is"),
            ("how old is ", "how old ", " is"),
        ] where lowered.hasPrefix(start) && text.count < 80 {
            return
                "I don't know \(before)\(GrammaticalPerson.second(String(text.dropFirst(start.count))))\(after): you haven't told me."
        }
        let topic = question.words.last { EnglishStems.stem(of: $0) != nil && $0.count > 3 }
        return topic.map { "I don't know that: my memory has nothing on it (\($0))." }
            ?? "I don't know that: you haven't told me."
    }

    /// When nothing of what the model said can stand.
    private static func reply(to sentence: EnglishSentence, _ plan: SmallModelPlan) -> String {
        let notes = plan.changes.compactMap(\.note)
        if !notes.isEmpty {
            let text = notes.map { $0.hasPrefix("- ") ? ListItems.joined($0) : GrammaticalPerson.addressed($0) }.joined(
                separator: " ")
            return "I have noted: \(text)"
        }
        if !plan.changes.isEmpty {
            let lines = plan.changes.compactMap {
                if case .remove(let line, _) = $0 { ListItems.item(of: line) } else { nil }
            }
            return "I have removed this: \(GrammaticalPerson.addressed(lines.joined(separator: ", ")))."
        }
        if sentence.contains(anyOf: ["thanks", "thank you"]) { return "You're welcome." }
        if sentence.contains(anyOf: ["bye", "goodbye", "good night", "see you"]) { return "Goodbye!" }
        if sentence.contains(anyOf: ["hello", "hi", "hey", "good morning", "good evening"]) { return "Hello!" }
        if Request.isImperative(sentence) { return "I haven't done that." }
        return "All right."
    }

    // MARK: Put before the model

    private static let memory = "From your memory:"
    private static let change = "You have just done this in your memory:"
    private static let instructions = [
        "Your memory has nothing on this. Say that you do not know it.",
        "You have no tool for this. Say that you can't do it.",
    ]

    /// The answer of a model that says the line after it, without what is not meant for the user; nil when nothing is left.
    static func withoutHint(_ answer: String) -> String? {
        var text = answer.trimmingSpaces[...]
        let bare = text.drop { $0 == "[" }
        if let frame = [memory, change].first(where: { bare.lowercased().hasPrefix($0.lowercased()) }) {
            text = bare.dropFirst(frame.count).drop(while: \.isWhitespace)
            if text.hasSuffix("]") { text.removeLast() }
        }
        let isInstruction = instructions.contains { instruction in
            EnglishSentence.all(in: instruction).contains { text.lowercased().contains($0.text.lowercased()) }
        }
        return isInstruction || text.isEmpty ? nil : String(text)
    }

    /// A line behind the user's words that says what the answer is about; nil when there is nothing to say.
    func hint(_ plan: SmallModelPlan) -> String? {
        switch kind {
        case .facts(let facts):
            "\(Self.memory) "
                + facts.map { $0.source == .conversation ? "The user said: \($0.text)" : $0.text }.joined(
                    separator: " ")
        case .all: "\(Self.memory) \(own)"
        case .unknown: Self.instructions[0]
        case .impossible: Self.instructions[1]
        case .talk:
            plan.changes.isEmpty ? nil : "\(Self.change) \(own)"
        }
    }
}

extension ListItems {
    /// The items of lines of a list, as a sentence.
    static func joined(_ lines: String) -> String {
        AnswerExpectation.joined(BlockText.lines(of: lines).map(item)) + "."
    }
}
