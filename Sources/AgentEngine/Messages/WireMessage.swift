package import JSON

/// One entry of a conversation as clients see it, whole or as a delta.
///
/// Several entries may come from one stored message and then share id, step and date. Keys are written in the order
/// that clients expect.
package struct WireMessage: Sendable, Hashable {
    package enum Body: Sendable, Hashable {
        case system(String)
        /// Text, or the list of parts.
        case user(JSONValue)
        case assistant(String)
        case reasoning(String, signature: String?)
        /// Reasoning that the provider does not show: `redacted` with its encrypted text, or `omitted` without any.
        case hiddenReasoning(redacted: String?)
        /// A thought that the loop asked for.
        case thought(String)
        /// What the agent said through a tool.
        case speech(String)
        case toolCalls([ToolCall])
        case toolReturns([ToolReturn])
        case approvalRequest([ToolCall])
        case approvalResponse([ApprovalDecision])
        /// A delta of a call: fields that do not change are left out.
        case toolCallDelta(ToolCallDelta)
        /// A delta of a call that requires approval.
        case approvalRequestDelta(ToolCallDelta)
        /// An entry about the conversation, such as a compaction, by its type and fields.
        case note(type: String, JSONObject)
    }

    package struct ToolCall: Sendable, Hashable {
        package var name: String
        package var arguments: String
        package var id: String
    }

    package struct ToolReturn: Sendable, Hashable {
        package var text: String
        package var succeeded: Bool
        package var callID: String
        package var stdout: [String]?
        package var stderr: [String]?
    }

    /// The first delta of a call has its name, the later ones further arguments.
    package struct ToolCallDelta: Sendable, Hashable {
        package var name: String?
        package var arguments: String?
        package var id: String
    }

    package var id: String
    /// Microseconds since 1970 UTC; shown in whole seconds.
    package var createdAt: Int64
    package var name: String?
    package var otid: String?
    package var senderID: String?
    package var stepID: String?
    package var runID: String?
    /// The position in the log of a background run; set by the reader.
    package var sequence: Int64?
    /// Whether the model did not get the message as it is.
    package var isError = false
    package var body: Body

    /// The `message_type`, by which clients filter.
    package var messageType: String {
        switch body {
        case .system: "system_message"
        case .user: "user_message"
        case .assistant, .speech: "assistant_message"
        case .reasoning, .thought: "reasoning_message"
        case .hiddenReasoning: "hidden_reasoning_message"
        case .toolCalls, .toolCallDelta: "tool_call_message"
        case .toolReturns: "tool_return_message"
        case .approvalRequest, .approvalRequestDelta: "approval_request_message"
        case .note(let type, _): type
        case .approvalResponse: "approval_response_message"
        }
    }

    /// The otid of the part at `index` of a message: its UUID with the last byte's low seven bits replaced by the
    /// index. An id that does not end like a UUID is kept as it is.
    package static func otid(messageID: String, index: Int) -> String {
        let uuid = messageID.split(separator: "-", maxSplits: 1).last.map(String.init) ?? messageID
        guard uuid.utf8.count >= 2, let last = UInt8(uuid.suffix(2), radix: 16) else { return uuid }
        let byte = last & 0x80 | UInt8(truncatingIfNeeded: index & 0x7f)
        return "\(uuid.dropLast(2))\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
    }
}

/// Formats dates of conversation entries: `2026-11-23T09:25:54+00:00`.
package enum WireDate {
    package static func text(microseconds: Int64) -> String {
        let time = CivilTime(seconds: Int(microseconds.dividedDown(by: 1_000_000)))
        let clock = [time.secondOfDay / 3_600, time.secondOfDay / 60 % 60, time.secondOfDay % 60]
        return "\(time.year.padded(to: 4))-\(time.month.padded(to: 2))-\(time.day.padded(to: 2))"
            + "T\(clock.map { $0.padded(to: 2) }.joined(separator: ":"))+00:00"
    }
}
