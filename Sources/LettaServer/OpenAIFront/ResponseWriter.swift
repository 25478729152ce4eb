import JSON
import LettaAPI

/// Writes responses of OpenAI's API, whole or as a stream of events.
struct ResponseWriter: FrontWriter {
    static let idPrefix = "resp_"

    /// The id of the run.
    let id: String
    /// In seconds since 1970.
    let created: Int64
    let model: String
    let previous: String?
    var isBackground = false
    private var text = ""
    private var calls: [FrontCall] = []
    private var sequence: Int64 = 0

    init(id: String, created: Int64, model: String, previous: String?) {
        self.id = id
        self.created = created
        self.model = model
        self.previous = previous
    }

    func response(_ answer: FrontAnswer) -> JSONValue {
        var writer = self
        writer.text = answer.text
        writer.calls = answer.calls
        return writer.ended(answer.stop, answer.usage)
    }

    /// A response that has not ended, or failed.
    func response(status: String, error: String? = nil) -> JSONValue {
        object(status: status, error: error.map { ["code": "server_error", "message": .string($0)] } ?? .null)
    }

    // MARK: Events

    mutating func start() -> [UInt8] {
        let response = object(status: "in_progress")
        return event("response.created", ["response": response])
            + event("response.in_progress", ["response": response])
    }

    mutating func text(_ delta: String) -> [UInt8] {
        var bytes: [UInt8] = []
        if text.isEmpty {
            bytes += event(
                "response.output_item.added", ["output_index": 0, "item": message(status: "in_progress", content: [])])
            bytes += event("response.content_part.added", content(["part": Self.part("")]))
        }
        text += delta
        return bytes
            + event("response.output_text.delta", content(["delta": .string(delta), "logprobs": []]))
    }

    mutating func end(_ stop: StopReason, _ usage: UsageEvent, _ calls: [FrontCall]) -> [UInt8] {
        var bytes: [UInt8] = []
        if !text.isEmpty {
            bytes += event("response.output_text.done", content(["text": .string(text), "logprobs": []]))
            bytes += event("response.content_part.done", content(["part": Self.part(text)]))
            bytes += event("response.output_item.done", ["output_index": 0, "item": message(status: "completed")])
        }
        for call in calls { bytes += item(call) }
        let response = ended(stop, usage)
        let kind = response["status"] == "incomplete" ? "response.incomplete" : "response.completed"
        return bytes + event(kind, ["response": response])
    }

    /// The events of a call, which is added to the output.
    private mutating func item(_ call: FrontCall) -> [UInt8] {
        let index = JSONValue.int(Int64((text.isEmpty ? 0 : 1) + calls.count))
        calls.append(call)
        let id = JSONValue.string("fc_\(call.id)")
        var started = call
        started.arguments = ""
        var bytes = event(
            "response.output_item.added",
            ["output_index": index, "item": Self.item(started, status: "in_progress")])
        bytes += event(
            "response.function_call_arguments.delta",
            ["item_id": id, "output_index": index, "delta": .string(call.arguments)])
        bytes += event(
            "response.function_call_arguments.done",
            [
                "item_id": id, "output_index": index, "name": .string(call.name),
                "arguments": .string(call.arguments),
            ])
        return bytes
            + event(
                "response.output_item.done", ["output_index": index, "item": Self.item(call, status: "completed")])
    }

    private static func item(_ call: FrontCall, status: String) -> JSONValue {
        [
            "type": "function_call", "id": .string("fc_\(call.id)"), "call_id": .string(call.id),
            "name": .string(call.name), "arguments": .string(call.arguments), "status": .string(status),
        ]
    }

    mutating func failure(type: String, _ message: String) -> [UInt8] {
        let code = type == "llm_rate_limit" ? "rate_limit_exceeded" : "server_error"
        let error: JSONValue = ["code": .string(code), "message": .string(message)]
        return event("response.failed", ["response": object(status: "failed", error: error)])
    }

    private mutating func event(_ type: String, _ fields: JSONObject) -> [UInt8] {
        var object: JSONObject = ["type": .string(type), "sequence_number": .int(sequence)]
        for (key, value) in fields { object[key] = value }
        sequence += 1
        return Array("event: \(type)\ndata: \(JSONWriter.string(of: object))\n\n".utf8)
    }

    private func content(_ fields: JSONObject) -> JSONObject {
        var fields = fields
        fields["item_id"] = .string(messageID)
        fields["output_index"] = 0
        fields["content_index"] = 0
        return fields
    }

    // MARK: Objects

    private var messageID: String { "msg_\(id)" }

    private static func part(_ text: String) -> JSONValue {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    private func message(status: String, content: [JSONValue]? = nil) -> JSONValue {
        [
            "id": .string(messageID), "type": "message", "status": .string(status), "role": "assistant",
            "content": .array(content ?? [Self.part(text)]),
        ]
    }

    private func ended(_ stop: StopReason, _ usage: UsageEvent) -> JSONValue {
        let status =
            switch stop {
            case .maxSteps, .maxTokensExceeded: "incomplete"
            case .cancelled: "cancelled"
            default: "completed"
            }
        return object(status: status, usage: Self.usage(usage))
    }

    private func object(status: String, error: JSONValue = .null, usage: JSONValue = .null) -> JSONValue {
        var output = text.isEmpty ? [] : [message(status: status == "completed" ? status : "incomplete")]
        output += calls.map { Self.item($0, status: "completed") }
        return [
            "id": .string(Self.idPrefix + id), "object": "response", "created_at": .int(created),
            "status": .string(status), "background": .bool(isBackground), "error": error,
            "incomplete_details": status == "incomplete" ? ["reason": "max_output_tokens"] : .null,
            "instructions": nil, "max_output_tokens": nil, "metadata": [:], "model": .string(model),
            "output": .array(output), "parallel_tool_calls": true,
            "previous_response_id": previous.map { .string($0) } ?? .null,
            "reasoning": ["effort": nil, "summary": nil], "store": true, "temperature": nil,
            "text": ["format": ["type": "text"]], "tool_choice": "auto", "tools": [], "top_p": nil,
            "truncation": "disabled", "usage": usage, "user": nil,
        ]
    }

    private static func usage(_ usage: UsageEvent) -> JSONValue {
        [
            "input_tokens": .int(Int64(usage.promptTokens)),
            "input_tokens_details": ["cached_tokens": .int(Int64(usage.cachedInputTokens ?? 0))],
            "output_tokens": .int(Int64(usage.completionTokens)),
            "output_tokens_details": ["reasoning_tokens": .int(Int64(usage.reasoningTokens ?? 0))],
            "total_tokens": .int(Int64(usage.totalTokens)),
        ]
    }
}
