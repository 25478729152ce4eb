package import JSON

/// A message in the context of a new agent, independent of any provider.
package struct StartingMessage: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable {
        case system, user, assistant, tool
    }

    package struct ToolCall: Sendable, Hashable {
        package var id: String
        package var name: String
        package var arguments: JSONObject
    }

    package var role: Role
    /// The text parts: for an assistant message the reasoning, for a tool message the packed result.
    package var texts: [String]
    package var toolCalls: [ToolCall] = []
    /// For a tool message: the id of the call it answers, and the tool's name.
    package var returnsCall: String?
    package var returnsTool: String?
}

/// The messages after the system message in the context of a new agent.
package enum StartingMessages {
    /// One message of the sequence that a client may give instead of the default one.
    package struct Given: Sendable, Hashable {
        package enum Role: String, Sendable, Hashable, CaseIterable {
            case user, assistant, system
        }

        package var role: Role
        package var text: String

        package init(role: Role, text: String) {
            self.role = role
            self.text = text
        }
    }

    /// The messages in order. An empty `sequence` gives none; nil gives the default of the type.
    ///
    /// - Parameters:
    ///   - createdAt: microseconds since 1970 UTC.
    ///   - newCallID: makes a new id for each tool call.
    package static func messages(
        for kind: AgentKind, sequence: [Given]? = nil, createdAt: Int64, zone: String, newCallID: () -> String
    ) -> [StartingMessage] {
        let time = ZonedTime.promptTextOrUTC(microseconds: createdAt, zone: zone)
        if let sequence {
            return sequence.flatMap { messages(for: $0, time: time, newCallID: newCallID) }
        }
        guard kind.greetsAtCreation else { return [] }
        return sent(greeting, thought: greetingThought, time: time, callID: newCallID()) + [
            StartingMessage(role: .user, texts: [PackedText.login(time: time)])
        ]
    }

    private static let greetingThought =
        "I have just been started and my memory is in place. I will say hello to see that messages get through."
    private static let greeting = "Hello! I am here, and I will remember what matters to you."

    private static func messages(for given: Given, time: String, newCallID: () -> String) -> [StartingMessage] {
        switch given.role {
        case .user: [StartingMessage(role: .user, texts: [given.text])]
        case .system: [StartingMessage(role: .system, texts: [given.text])]
        case .assistant: sent(given.text, thought: nil, time: time, callID: newCallID())
        }
    }

    /// An assistant's text is stored as the call that sends it, with the result of the call.
    private static func sent(_ text: String, thought: String?, time: String, callID: String) -> [StartingMessage] {
        let call = StartingMessage.ToolCall(id: callID, name: "send_message", arguments: ["message": .string(text)])
        return [
            StartingMessage(role: .assistant, texts: thought.map { [$0] } ?? [], toolCalls: [call]),
            StartingMessage(
                role: .tool, texts: [PackedText.toolReturn(.null, succeeded: true, time: time)], returnsCall: callID,
                returnsTool: call.name),
        ]
    }
}

extension AgentKind {
    /// True for the types whose loop expects an exchange to continue from.
    fileprivate var greetsAtCreation: Bool {
        switch self {
        case .memgpt, .memgptV2, .react, .workflow, .voiceConversation, .splitThread: true
        case .lettaV1, .sleeptime, .voiceSleeptime: false
        }
    }
}
