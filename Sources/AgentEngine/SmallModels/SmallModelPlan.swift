/// The input of a turn with a small model beyond its tools.
///
/// Such a model answers well from a short prompt with its memory in plain sentences, and badly from a long one with
/// tools. So the server does what a larger model does by tools: it writes what the user's words ask for into the memory,
/// puts before the model what it needs for the answer, and checks what the model says.
package struct SmallModelPlan: Sendable, Hashable {
    /// The user's text in this turn.
    package let userText: String
    /// The agent's memory as the turn begins.
    package let blocks: [MemoryBlock]
    /// What was found for the user's words outside of the blocks.
    let recalled: RecalledTexts
    /// The agent's last answers.
    let earlierAnswers: [String]
    /// What the user's words ask to be written into the memory.
    let changes: [MemoryChange]
    /// The tools besides those whose work the server does.
    private let ownTools: [String]

    /// How many answers are too recent to be repeated.
    private static let recentAnswers = 5
    /// How many of the user's messages a pronoun may refer to.
    private static let recentMessages = 4

    /// - Parameters:
    ///   - earlier: the messages before the turn.
    ///   - tools: the names of the agent's tools.
    package init(
        userText: String, blocks: [MemoryBlock], earlier: [TurnMessage] = [], tools: [String] = [],
        recalled: RecalledTexts = RecalledTexts()
    ) {
        self.userText = userText
        self.blocks = blocks
        self.recalled = recalled
        ownTools = tools.filter { !Self.ownWork.contains($0) }
        earlierAnswers = earlier.filter { $0.role == .assistant }.compactMap(\.text).suffix(Self.recentAnswers)
        let said = earlier.filter { $0.role == .user }.compactMap(\.text).suffix(Self.recentMessages)
        changes =
            MemoryChange.tools.isDisjoint(with: tools)
            ? [] : MemoryRequest(blocks: blocks, earlier: Array(said)).changes(in: userText)
    }

    var expectation: AnswerExpectation { AnswerExpectation(self) }

    /// A line for the model behind the user's words; nil when there is nothing to say.
    var hint: String? { expectation.hint(self) }

    // MARK: Tools

    /// The tools that are not offered, because the server does their work.
    static let ownWork: Set<String> = MemoryTools.names.union([
        "conversation_search", "archival_memory_insert", "archival_memory_search",
    ])
    /// Words in the names of tools that say nothing of what they are for.
    private static let verbs: Set<String> = [
        "set", "send", "run", "add", "creat", "find", "fetch", "search", "start", "show", "turn", "tool", "look",
    ]

    /// The tools that something the user says names.
    private func tools(for sentence: EnglishSentence) -> [String] {
        let said = EnglishStems.stems(in: sentence.text)
        return ownTools.filter { tool in
            !EnglishStems.stems(in: tool.replacing("_", with: " ")).subtracting(Self.verbs).isDisjoint(with: said)
        }
    }

    func mayAct(on sentence: EnglishSentence) -> Bool { !tools(for: sentence).isEmpty }

    /// The tools to offer, and whether one of them has to be called. Offered what a question does not need, such a model
    /// calls it all the same.
    func offered(from tools: [String]) -> (tools: [String], isForced: Bool) {
        let sentences = EnglishSentence.all(in: userText)
        let named = Set(sentences.flatMap { self.tools(for: $0) })
        if !named.isEmpty {
            let isAsked = sentences.contains { Request.isImperative($0) && mayAct(on: $0) }
            return (tools.filter(named.contains), isAsked)
        }
        guard changes.isEmpty, case .talk = expectation.kind else { return ([], false) }
        return (tools, false)
    }

    // MARK: The agent

    /// The name that the agent's persona gives it; nil when it gives none.
    var ownName: String? {
        for sentence in blocks.filter({ $0.label == "persona" }).flatMap({ EnglishSentence.all(in: $0.value) })
            .reversed()
        {
            let words = sentence.text.split(whereSeparator: \.isWhitespace).map { $0[...].trimming { !$0.isLetter } }
            for start in [["My", "name", "is"], ["I", "am"]]
            where words.count > start.count && words.starts(with: start) {
                if let first = words[start.count].first, first.isUppercase { return words[start.count] }
            }
        }
        return nil
    }
}
