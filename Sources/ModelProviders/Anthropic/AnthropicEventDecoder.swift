import EventStreams
import JSON

/// Decodes the events of a streamed message.
struct AnthropicEventDecoder: DeltaDecoder {
    /// A tool call in progress.
    private struct Call {
        /// In the deltas.
        var index: Int
        var hasArguments = false
    }

    /// By the index of the content block.
    private var calls: [Int64: Call] = [:]
    /// The blocks of reasoning as they will be when they are complete, and their positions.
    private var reasoning: [(index: Int64, block: JSONObject)] = []
    private var usage = AnthropicUsage()
    private(set) var isFinished = false
    private(set) var isDone = false

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        let document = try event.document()
        guard document.object != nil else {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent an event that is not an object.")
        }
        switch document["type"]?.string ?? event.name {
        case "message_start": usage.read(document["message"]?["usage"])
        case "content_block_start": return start(document["content_block"] ?? .null, at: document["index"]?.int ?? 0)
        case "content_block_delta": return delta(document["delta"] ?? .null, at: document["index"]?.int ?? 0)
        case "content_block_stop": return stop(at: document["index"]?.int ?? 0)
        case "message_delta":
            usage.read(document["usage"])
            return AnthropicAnswerReader.finishReason(document["delta"]?["stop_reason"]).map { finish($0) } ?? []
        case "message_stop":
            isDone = true
            return finish(calls.isEmpty ? .stop : .toolCalls)
        case "error": throw .anthropic(event: document["error"] ?? document)
        // `ping`, and events of later versions.
        default: break
        }
        return []
    }

    private mutating func start(_ block: JSONValue, at index: Int64) -> [ModelDelta] {
        if AnthropicAnswerReader.isReasoning(block) {
            guard reasoning.count < ModelAnswerLimits.toolCalls else { return [] }
            reasoning.append((index, block.object ?? [:]))
            return reasoning.count == 1 ? [] : [.reasoning(AnthropicAnswerReader.reasoningSeparator)]
        }
        // One call beyond the limit tells the reader that it is exceeded; more would only cost time.
        guard block["type"]?.string == "tool_use", let id = block["id"]?.nonEmptyString,
            let name = block["name"]?.nonEmptyString, calls[index] == nil, calls.count <= ModelAnswerLimits.toolCalls
        else { return [] }
        let call = Call(index: calls.count)
        calls[index] = call
        return [.toolCall(ModelToolCallDelta(index: call.index, id: id, name: name))]
    }

    private mutating func delta(_ delta: JSONValue, at index: Int64) -> [ModelDelta] {
        switch delta["type"]?.string {
        case "text_delta": return delta["text"]?.nonEmptyString.map { [.text($0)] } ?? []
        case "thinking_delta":
            guard let text = delta["thinking"]?.nonEmptyString else { return [] }
            append(text, to: "thinking", at: index)
            return [.reasoning(text)]
        case "signature_delta": append(delta["signature"]?.string ?? "", to: "signature", at: index)
        case "input_json_delta":
            guard let call = calls[index], let fragment = delta["partial_json"]?.nonEmptyString else { return [] }
            calls[index]?.hasArguments = true
            return [.toolCall(ModelToolCallDelta(index: call.index, argumentsFragment: fragment))]
        default: break
        }
        return []
    }

    private mutating func append(_ text: String, to key: String, at index: Int64) {
        guard let position = reasoning.lastIndex(where: { $0.index == index }) else { return }
        reasoning[position].block[key] = .string((reasoning[position].block[key]?.string ?? "") + text)
    }

    /// A call without arguments has no fragment of them.
    private func stop(at index: Int64) -> [ModelDelta] {
        guard let call = calls[index], !call.hasArguments else { return [] }
        return [.toolCall(ModelToolCallDelta(index: call.index, argumentsFragment: "{}"))]
    }

    private mutating func finish(_ reason: ModelFinishReason) -> [ModelDelta] {
        guard !isFinished else { return [] }
        isFinished = true
        let signature = AnthropicAnswerReader.signature(of: reasoning.map { .object($0.block) })
        var deltas: [ModelDelta] = signature.map { [.reasoningSignature($0)] } ?? []
        deltas.append(.finish(reason))
        if let total = usage.total { deltas.append(.usage(total)) }
        return deltas
    }
}
