package import JSON

extension WireMessage: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("date", WireDate.text(microseconds: createdAt))
            $0.field("name", name)
            $0.field("message_type", messageType)
            $0.field("otid", otid)
            $0.field("sender_id", senderID)
            $0.field("step_id", stepID)
            $0.field("is_err", isError ? true : JSONValue.null)
            $0.field("seq_id", sequence)
            $0.field("run_id", runID)
            body.writeFields(to: &$0)
        }
    }
}

extension WireMessage.Body {
    fileprivate func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .system(let text), .assistant(let text), .speech(let text):
            writer.field("content", text)
        case .user(let content):
            writer.field("content", content)
        case .reasoning(let text, let signature):
            writer.field("source", "reasoner_model")
            writer.field("reasoning", text)
            writer.field("signature", signature)
        case .hiddenReasoning(let redacted):
            writer.field("state", redacted == nil ? "omitted" : "redacted")
            writer.field("hidden_reasoning", redacted)
        case .thought(let text):
            writer.field("source", "non_reasoner_model")
            writer.field("reasoning", text)
            writer.field("signature", JSONValue.null)
        case .toolCalls(let calls), .approvalRequest(let calls):
            writer.field("tool_call", calls.first)
            writer.field("tool_calls", calls)
        case .toolReturns(let results):
            // Older clients expect one result: they get the first.
            if let first = results.first { first.writeFields(to: &writer) }
            writer.field("tool_returns", results)
        case .approvalResponse(let decisions):
            Self.writeFields(of: decisions, to: &writer)
        case .toolCallDelta(let delta):
            writer.nestedObject("tool_call") { delta.writeFields(to: &$0, withNulls: false) }
            writer.nestedObject("tool_calls") { delta.writeFields(to: &$0, withNulls: false) }
        case .note(_, let fields):
            for (key, value) in fields { writer.field(key, value) }
        case .approvalRequestDelta(let delta):
            writer.nestedObject("tool_call") { delta.writeFields(to: &$0, withNulls: true) }
            writer.nestedObject("tool_calls") { delta.writeFields(to: &$0, withNulls: true) }
        }
    }
}

extension WireMessage.ToolCall: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("name", name)
            $0.field("arguments", arguments)
            $0.field("tool_call_id", id)
        }
    }
}

extension WireMessage.ToolReturn: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("type", "tool")
            writeFields(to: &$0)
        }
    }

    fileprivate func writeFields(to writer: inout JSONWriter) {
        writer.field("tool_return", text)
        writer.field("status", succeeded ? "success" : "error")
        writer.field("tool_call_id", callID)
        writer.field("stdout", stdout)
        writer.field("stderr", stderr)
    }
}

extension WireMessage.ToolCallDelta {
    fileprivate func writeFields(to writer: inout JSONWriter, withNulls: Bool) {
        if name != nil || withNulls { writer.field("name", name) }
        if arguments != nil || withNulls { writer.field("arguments", arguments) }
        writer.field("tool_call_id", id)
    }
}
