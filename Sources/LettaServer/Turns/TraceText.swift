import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// What of a model call is kept for people to look at.
enum TraceText {
    /// Longer documents are kept as a note of their size: a trace is for looking, not for keeping.
    private static let longest = 256 * 1_024

    static func trace(
        _ request: ModelRequest, _ answer: ModelAnswer?, id: ID<ProviderTrace>, step: ID<Step>, at time: Timestamp
    ) -> ProviderTrace {
        ProviderTrace(
            id: id, stepID: step, request: kept(self.request(request)), response: kept(response(answer)),
            createdAt: time)
    }

    private static func kept(_ value: JSONValue) -> RawJSON {
        let json = RawJSON(value)
        let size = json.text.utf8.count
        guard size > longest else { return json }
        return RawJSON(["not_kept": "too long", "bytes": .int(Int64(size))] as JSONValue)
    }

    private static func request(_ request: ModelRequest) -> JSONValue {
        [
            "model": .string(request.model),
            "messages": .array(request.messages.map(message)),
            "tools": .array(
                request.tools.map { tool in
                    [
                        "type": "function",
                        "function": [
                            "name": .string(tool.name), "description": tool.description.map { .string($0) } ?? .null,
                            "parameters": tool.parameters,
                        ],
                    ]
                }),
            "parallel_tool_calls": .bool(request.parallelToolCalls),
        ]
    }

    private static func message(_ message: ModelMessage) -> JSONValue {
        switch message {
        case .system(let text):
            return ["role": "system", "content": .string(text)]
        case .user(let parts, let name):
            let texts = parts.map { part -> JSONValue in
                switch part {
                case .text(let text): .string(text)
                case .image: "(image)"
                }
            }
            let content = texts.count == 1 ? texts[0] : .array(texts)
            return ["role": "user", "name": name.map { .string($0) } ?? .null, "content": content]
        case .assistant(let text, _, let calls):
            return [
                "role": "assistant", "content": text.map { .string($0) } ?? .null,
                "tool_calls": .array(calls.map(call)),
            ]
        case .tool(let callID, let text):
            return ["role": "tool", "tool_call_id": .string(callID), "content": .string(text)]
        }
    }

    private static func call(_ call: ModelToolCall) -> JSONValue {
        [
            "id": .string(call.id), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
        ]
    }

    private static func response(_ answer: ModelAnswer?) -> JSONValue {
        guard let answer else { return [:] }
        return [
            "content": answer.text.map { .string($0) } ?? .null,
            "tool_calls": .array(answer.toolCalls.map(call)),
            "usage": answer.usage.map { usage in
                [
                    "prompt_tokens": .int(Int64(usage.promptTokens)),
                    "completion_tokens": .int(Int64(usage.completionTokens)),
                ]
            } ?? .null,
        ]
    }
}
