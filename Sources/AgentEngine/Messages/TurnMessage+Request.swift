package import JSON
package import ModelProviders

extension ModelMessage {
    /// The longest tool call id that every provider accepts.
    package static let callIDLength = 29

    /// The messages of a model request for a history, which is repaired first so that no provider rejects it.
    ///
    /// - Parameters:
    ///   - zone: the agent's, for the times in tool results.
    ///   - returnLimit: longer tool results are truncated in the request, in characters; the stored ones are not.
    ///   - thoughtsInArguments: whether the model's tools take its thoughts as an argument, so that it sees those of before
    ///     in the same place.
    package static func messages(
        for history: [TurnMessage], zone: String, returnLimit: Int? = nil, thoughtsInArguments: Bool = false
    ) -> [ModelMessage] {
        HistoryRepair.repaired(history).flatMap {
            messages(for: $0, zone: zone, returnLimit: returnLimit, thoughtsInArguments: thoughtsInArguments)
        }
    }

    /// The maximum size of a tool result in a request, in characters: a fifth of the window, at least 5,000.
    package static func returnLimit(contextWindow: Int) -> Int {
        // One token is about four characters.
        max(5_000, contextWindow / 5 * 4)
    }

    private static func messages(
        for message: TurnMessage, zone: String, returnLimit: Int?, thoughtsInArguments: Bool
    ) -> [ModelMessage] {
        switch message.role {
        case .system:
            return [.system(message.text ?? "")]
        case .user:
            return [.user(message.parts.compactMap(contentPart), name: message.name)]
        case .assistant:
            var calls = message.toolCalls.map {
                ModelToolCall(id: shortened($0.id), name: $0.name, arguments: $0.arguments)
            }
            var text = message.text
            if let thought = message.thought {
                if thoughtsInArguments, !calls.isEmpty {
                    calls[0].arguments = LoopArguments.text(calls[0].arguments, thinking: thought)
                } else {
                    text = [thought, text].compactMap { $0 }.joined(separator: "\n")
                }
            }
            // A message with reasoning alone is not accepted by providers.
            guard text != nil || !calls.isEmpty else { return [] }
            let reasoning = message.reasoning
            return [
                .assistant(
                    text: text, reasoning: reasoning.flatMap { $0.isOmitted && $0.signature == nil ? nil : $0.text },
                    signature: reasoning?.signature, toolCalls: calls)
            ]
        case .tool:
            let time = ZonedTime.promptTextOrUTC(microseconds: message.createdAt, zone: zone)
            return images(in: message) { result in
                let shown = returnLimit.map { result.shown.cut(toCharacters: $0) } ?? result.shown
                let text = PackedText.toolReturn(shown, succeeded: result.succeeded, time: time)
                return .tool(callID: shortened(result.callID), text: text)
            }
        }
    }

    private static func contentPart(_ part: TurnMessage.Part) -> ModelContentPart? {
        switch part {
        case .text(let text): .text(text)
        case .image(let image): .image(url: image.address, detail: image.detail ?? "auto")
        case .reasoning, .toolCall, .toolReturn, .approval: nil
        }
    }

    private static func shortened(_ callID: String) -> String {
        String(decoding: callID.utf8.prefix(callIDLength), as: UTF8.self)
    }
}

extension JSONValue {
    /// The value, or if its text exceeds `limit` its beginning with a note about the truncation.
    package func cut(toCharacters limit: Int) -> JSONValue {
        if let parts = array, !TurnMessage.ToolReturn.images(in: self).isEmpty {
            // An image is whole or worth nothing.
            return .array(
                parts.map { part in
                    guard let text = part["text"] else { return part }
                    return ["type": "text", "text": text.cut(toCharacters: limit)]
                })
        }
        let text = PythonText.text(of: self)
        // A scalar takes at least one byte.
        guard text.utf8.count > limit else { return self }
        let length = text.unicodeScalars.count
        guard length > limit else { return self }
        let start = String(text.unicodeScalars.prefix(limit))
        return .string(
            "\(start)... [NOTE: function output was truncated since it exceeded the character limit "
                + "(\(length) > \(limit))]")
    }
}
