import AgentEngine
import JSON
import LettaAPI

extension SpeechTool {
    /// The tool whose calls a client wants to see as what the agent said; nil when it wants to see calls.
    init?(isShown: Bool?, name: String?, argument: String?) {
        guard isShown ?? true else { return nil }
        self.init(name: name ?? Self.standard.name, argument: argument ?? Self.standard.argument)
    }

    init?(_ query: ListMessages) {
        self.init(
            isShown: query.useAssistantMessage, name: query.assistantMessageToolName,
            argument: query.assistantMessageToolKwarg)
    }

    /// - Parameter config: of a run.
    init?(_ config: JSONValue?) {
        self.init(
            isShown: config?["use_assistant_message"]?.bool, name: config?["assistant_message_tool_name"]?.string,
            argument: config?["assistant_message_tool_kwarg"]?.string)
    }
}
