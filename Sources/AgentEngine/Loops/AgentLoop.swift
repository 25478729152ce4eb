import JSON

/// How an agent's turn continues from step to step.
package enum AgentLoop: Sendable, Hashable {
    /// A text answer ends the turn, any tool call leads to another step.
    case answering
    /// The model speaks through a tool, one call in each step. The call asks for another step (a heartbeat), or else the
    /// turn ends.
    case heartbeat
}

extension AgentKind {
    package var loop: AgentLoop {
        switch self {
        case .lettaV1, .sleeptime: .answering
        case .memgpt, .memgptV2, .react, .workflow, .splitThread, .voiceConversation, .voiceSleeptime: .heartbeat
        }
    }

    /// Whether tools may get an argument for the model's thoughts. The default type thinks natively or in text.
    package var canThinkInArguments: Bool { self != .lettaV1 }
}

/// The tool by which agents of the heartbeat loop speak, as a client names it.
package struct SpeechTool: Sendable, Hashable {
    package var name: String
    /// The argument with the text.
    package var argument: String

    package static let standard = SpeechTool(name: "send_message", argument: "message")

    package init(name: String, argument: String) {
        self.name = name
        self.argument = argument
    }

    /// The text that a call of the heartbeat loop says; nil when it is another tool's or has no text.
    func text(of call: TurnMessage.ToolCall) -> String? {
        guard call.loop == .heartbeat, call.name == name else { return nil }
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        return (try? parser.parse(call.arguments))?[argument]?.string
    }
}

extension TurnMessage {
    /// What a user or the agent said in it, for searches: texts, and what the agent said through the standard tool.
    package var said: String? {
        guard role == .user || role == .assistant else { return nil }
        let spoken = toolCalls.compactMap(SpeechTool.standard.text)
        return spoken.isEmpty ? text : ([text].compactMap { $0 } + spoken).joined(separator: "\n")
    }
}
