import JSON
package import ModelProviders

/// The prompt and the history for a small model: its persona, its memory, the last messages.
package struct CompactContext: Sendable {
    /// The agent's own system text; nil for a built-in one, which is too long for such a model.
    package var system: String?
    package var blocks: [MemoryBlock]
    /// The maximum size of prompt and history, in tokens.
    package var budget: Int

    package init(system: String?, blocks: [MemoryBlock], budget: Int) {
        self.system = system
        self.blocks = blocks
        self.budget = budget
    }

    /// The label of the block with the persona.
    private static let personaLabel = "persona"

    /// Requests an answer in text: the newest messages that fit, always with the user's last message.
    package func messages(for history: [TurnMessage]) -> [ModelMessage] {
        let prompt = prompt(history)
        let said = history.filter { $0.role == .user || $0.role == .assistant && $0.text != nil }
        // Estimates are rough, and a request that is too long is rejected as a whole.
        var room = budget / 4 * 3 - TokenEstimate.tokens(in: prompt)
        var kept = said[said.endIndex...]
        while kept.startIndex > said.startIndex {
            let next = said[kept.startIndex - 1]
            room -= TokenEstimate.tokens(in: next.text ?? "") + 8
            guard room >= 0 || kept.isEmpty else { break }
            kept = said[(kept.startIndex - 1)...]
        }
        return [.system(prompt)] + kept.drop { $0.role == .assistant }.flatMap(Self.message)
    }

    private static func message(_ message: TurnMessage) -> [ModelMessage] {
        guard message.role == .assistant else {
            return ModelMessage.messages(for: [message], zone: "UTC")
        }
        return [.assistant(text: message.text)]
    }

    private func prompt(_ history: [TurnMessage]) -> String {
        var persona: [String] = []
        var memory: [String] = []
        for block in blocks where !block.value.isEmpty {
            if block.label == Self.personaLabel {
                persona.append(block.value)
            } else {
                let title = block.label == "human" ? "What you know about the user:" : "Your notes on \(block.label):"
                memory.append("\(title)\n\(block.value)")
            }
        }
        let facts = Self.results(in: history)
        if !facts.isEmpty { memory.append("Facts:\n" + facts.map { "- \($0)" }.joined(separator: "\n")) }
        let who = ([system].compactMap { $0 } + persona).joined(separator: "\n")
        let parts = [who.isEmpty ? "You are a helpful assistant." : who] + memory + [PromptText.smallModelAnswer]
        return parts.joined(separator: "\n\n")
    }

    /// The results of this turn's tools as sentences: these models ignore results in the history.
    private static func results(in history: [TurnMessage]) -> [String] {
        let turn = history.suffix(from: history.lastIndex { $0.role == .user } ?? history.startIndex)
        let names = Dictionary(
            turn.flatMap(\.toolCalls).map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        return turn.flatMap(\.toolReturns).compactMap { result in
            guard let name = names[result.callID], !SmallModelPlan.ownWork.contains(name) else { return nil }
            let text = PythonText.text(of: result.shown.cut(toCharacters: 2_000))
            return result.succeeded ? "The tool \(name) answered: \(text)" : "The tool \(name) failed: \(text)"
        }
    }
}
