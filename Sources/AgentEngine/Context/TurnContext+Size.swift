import JSON
import ModelProviders

extension TurnContext {
    /// The bytes that each message of the history takes in a request, but for the system message, which counts as 0.
    package var messageSizes: [Int] {
        history.enumerated().map { index, message in
            index == 0 && message.role == .system ? 0 : size(of: message)
        }
    }

    /// The bytes of the system message and of all tools.
    package var fixedBytes: Int {
        let system = overrideSystem ?? (history.first?.role == .system ? history[0].text : nil)
        return tools.values.reduce((system ?? "").utf8.count + (skills ?? "").utf8.count) { $0 + $1.byteCount }
    }

    private func size(of message: TurnMessage) -> Int {
        message.parts.reduce(32) { size, part in
            switch part {
            case .text(let text): size + min(text.utf8.count, messageLimit)
            case .image: size + 4_800
            case .reasoning(let reasoning): size + reasoning.text.utf8.count
            case .toolCall(let call): size + 16 + call.name.utf8.count + min(call.arguments.utf8.count, messageLimit)
            case .toolReturn(let result):
                size + 120 + min(PackedText.size(of: result), messageLimit) + 4_800 * result.images.count
            case .approval: size
            }
        }
    }
}

extension PackedText {
    fileprivate static func size(of result: TurnMessage.ToolReturn) -> Int {
        if let text = result.shown.string { return text.utf8.count }
        return toolReturn(result.shown, succeeded: result.succeeded, time: "").utf8.count
    }
}
