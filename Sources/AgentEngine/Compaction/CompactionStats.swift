package import JSON

/// What a compaction found and left, as clients are told.
package struct CompactionStats: Sendable, Hashable {
    package var trigger: String
    package var tokensBefore: Int?
    package var tokensAfter: Int?
    package var window: Int
    package var messagesBefore: Int
    package var messagesAfter: Int

    package init(trigger: String, window: Int, messagesBefore: Int, messagesAfter: Int) {
        self.trigger = trigger
        self.window = window
        self.messagesBefore = messagesBefore
        self.messagesAfter = messagesAfter
    }

    package var json: JSONObject {
        [
            "trigger": .string(trigger), "context_tokens_before": tokensBefore.map { .int(Int64($0)) } ?? .null,
            "context_tokens_after": tokensAfter.map { .int(Int64($0)) } ?? .null, "context_window": .int(Int64(window)),
            "messages_count_before": .int(Int64(messagesBefore)), "messages_count_after": .int(Int64(messagesAfter)),
        ]
    }
}

extension PackedText {
    private static let hidden = " been hidden from view due to conversation memory constraints."
    private static let introduction = "\nThe following is a summary of the previous messages:\n "

    /// The message that stands for those that left the context.
    ///
    /// - Parameter isPartial: whether later messages remained.
    package static func summary(
        _ summary: String, isPartial: Bool, time: String, stats: CompactionStats? = nil
    ) -> String {
        let which = isPartial ? "prior messages from the beginning of the conversation have" : "prior messages have"
        var object: JSONObject = [
            "type": "system_alert", "message": .string("Note: \(which)\(hidden)\(introduction)\(summary)"),
            "time": .string(time),
        ]
        if let stats { object["compaction_stats"] = .object(stats.json) }
        return JSONWriter.string(of: object, style: .indented(2))
    }

    /// The summary in a message that ``summary(_:isPartial:time:stats:)`` made; nil for any other text.
    static func summary(in text: String) -> String? {
        guard isAlert(text), let message = try? JSONParser(options: []).parse(Array(text.utf8))["message"]?.string
        else { return nil }
        return message.range(of: introduction).map { String(message[$0.upperBound...]) }
    }

    /// A note of the server to the agent and to the client, such as that a message was shortened.
    package static func alert(_ text: String, time: String) -> String {
        let object: JSONObject = ["type": "system_alert", "message": .string("Note: \(text)"), "time": .string(time)]
        return JSONWriter.string(of: object, style: .indented(2))
    }

    static func isAlert(_ text: String) -> Bool { text.hasPrefix("{\n  \"type\": \"system_alert\"") }
    /// Whether the text is one of the server's own, which names its time.
    static func isPacked(_ text: String) -> Bool { text.hasPrefix("{\n  \"type\": \"") && text.contains("\"time\": ") }
}

extension StringProtocol {
    fileprivate func range(of part: String) -> Range<Index>? { firstRange(of: part) }
}
