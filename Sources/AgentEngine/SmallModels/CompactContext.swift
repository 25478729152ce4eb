import JSON
package import ModelProviders

/// The prompt and the history for a small model: its persona, its memory, the last messages.
package struct CompactContext: Sendable {
    /// The agent's own system text; nil for a built-in one, which is too long for such a model.
    package var system: String?
    package var blocks: [MemoryBlock]
    /// The maximum size of prompt and history, in tokens.
    package var budget: Int
    /// What is said behind the user's last words: there the model reads it best, and what is before it stays cached.
    package var hint: String?

    package init(system: String?, blocks: [MemoryBlock], budget: Int, hint: String? = nil) {
        self.system = system
        self.blocks = blocks
        self.budget = budget
        self.hint = hint
    }

    /// The most messages of the history: what was said before is searched. A longer history is copied more than read.
    private static let mostMessages = 8

    /// The label of the block with the persona.
    private static let personaLabel = "persona"

    /// Requests an answer in text: the newest messages that fit, always with the user's last message.
    package func messages(for history: [TurnMessage]) -> [ModelMessage] {
        let prompt = prompt
        let said = history.filter { $0.role == .user || $0.role == .assistant && $0.text != nil }
        // Estimates are rough, and a request that is too long is rejected as a whole.
        var room = budget / 4 * 3 - TokenEstimate.tokens(in: prompt)
        var kept = said[said.endIndex...]
        while kept.startIndex > said.startIndex, kept.count < Self.mostMessages {
            let next = said[kept.startIndex - 1]
            room -= TokenEstimate.tokens(in: next.text ?? "") + 8
            guard room >= 0 || kept.isEmpty else { break }
            kept = said[(kept.startIndex - 1)...]
        }
        let messages = kept.drop { $0.role == .assistant }.flatMap(Self.message)
        return [.system(prompt)] + messages.hinting(Self.results(in: history) ?? hint)
    }

    private static func message(_ message: TurnMessage) -> [ModelMessage] {
        guard message.role == .assistant else {
            return ModelMessage.messages(for: [message], zone: "UTC")
        }
        return [.assistant(text: message.text)]
    }

    private var prompt: String {
        var persona: [String] = []
        var memory: [String] = []
        for block in blocks where !block.value.isEmpty {
            if block.label == Self.personaLabel {
                persona.append(block.value)
            } else {
                let title = block.label == "human" ? "What you know about the user:" : "Your notes on \(block.label):"
                memory.append("\(title)\n\(block.saidOfTheUser)")
            }
        }
        let who = ([system].compactMap { $0 } + persona).joined(separator: "\n")
        let parts = [who.isEmpty ? "You are a helpful assistant." : who] + memory + [PromptText.smallModelAnswer]
        return parts.joined(separator: "\n\n")
    }

    /// The results of this turn's tools as sentences: these models ignore results in the history. Nil without any.
    private static func results(in history: [TurnMessage]) -> String? {
        let turn = history.suffix(from: history.lastIndex { $0.role == .user } ?? history.startIndex)
        let names = Dictionary(
            turn.flatMap(\.toolCalls).map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let results = turn.flatMap(\.toolReturns).compactMap { result -> String? in
            guard let name = names[result.callID], !SmallModelPlan.ownWork.contains(name) else { return nil }
            let text = PythonText.text(of: result.shown.cut(toCharacters: 2_000))
            return result.succeeded ? "The tool \(name) answered: \(text)" : "The tool \(name) failed: \(text)"
        }
        return results.isEmpty ? nil : results.joined(separator: "\n")
    }
}

extension [ModelMessage] {
    /// With a note behind the last words of the user.
    fileprivate func hinting(_ hint: String?) -> [ModelMessage] {
        guard let hint, let place = lastIndex(where: { if case .user = $0 { true } else { false } }),
            case .user(var parts, let name) = self[place]
        else { return self }
        if case .text(let text)? = parts.last {
            parts[parts.count - 1] = .text("\(text)\n\n[\(hint)]")
        } else {
            parts.append(.text("[\(hint)]"))
        }
        var messages = self
        messages[place] = .user(parts, name: name)
        return messages
    }
}
