import JSON
import ModelProviders

extension TurnMessage.ToolReturn {
    /// The parts of a result that is a list of texts and images; nil for other results.
    private static func content(_ result: JSONValue) -> [TurnMessage.Part]? {
        guard let items = result.array, !items.isEmpty else { return nil }
        let parts = items.compactMap(TurnMessage.Part.init(json:)).filter { part in
            switch part {
            case .text, .image: true
            case .reasoning, .toolCall, .toolReturn, .approval: false
            }
        }
        return parts.count == items.count ? parts : nil
    }

    /// The result as text can show it: without images.
    var shown: JSONValue {
        guard let content = Self.content(result) else { return result }
        let lines = content.map { if case .text(let text) = $0 { text } else { "[Image]" } }
        return .string(lines.joined(separator: "\n"))
    }

    package var images: [TurnMessage.Image] { Self.images(in: result) }

    static func images(in result: JSONValue) -> [TurnMessage.Image] {
        content(result)?.compactMap { if case .image(let image) = $0 { image } else { nil } } ?? []
    }
}

extension TurnMessage {
    /// Puts the arguments with which a person approved the calls in place of the model's.
    mutating func edit(by decisions: [ApprovalDecision]) {
        for index in parts.indices {
            guard case .toolCall(var call) = parts[index],
                let edited = decisions.first(where: { $0.callID == call.id })?.arguments
            else { continue }
            call.arguments = edited
            parts[index] = .toolCall(call)
        }
    }
}

extension ModelMessage {
    /// The messages for the results in `message`, made by `toolMessage`. Providers take only text as a result, so that
    /// images follow as a user's message.
    static func images(
        in message: TurnMessage, toolMessage: (TurnMessage.ToolReturn) -> ModelMessage
    ) -> [ModelMessage] {
        let images = message.toolReturns.flatMap(\.images)
        let results = message.toolReturns.map(toolMessage)
        guard !images.isEmpty else { return results }
        let parts = images.map { ModelContentPart.image(url: $0.address, detail: $0.detail ?? "auto") }
        return results + [.user([.text("[Images in the results above]")] + parts, name: nil)]
    }
}
