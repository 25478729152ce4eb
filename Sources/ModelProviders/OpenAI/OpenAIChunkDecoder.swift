import EventStreams
import JSON

/// Decodes the chunks of a streamed chat completion.
///
/// It normalizes tool calls: some servers omit the index or always send 0, some repeat id and name in every chunk, some
/// send no id.
struct OpenAIChunkDecoder: DeltaDecoder {
    /// A tool call in progress; its position in `calls` is its index in the deltas.
    private struct Call {
        var wireIndex: Int64?
        var wireID: String?
    }

    private var calls: [Call] = []
    private var tags = ThinkTags()
    private var details: [JSONValue] = []
    private(set) var isFinished = false
    private(set) var isDone = false

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        guard !event.data.elementsEqual("[DONE]".utf8) else {
            isDone = true
            return end()
        }
        let chunk = try event.document()
        // Some servers name the event `error` instead of wrapping its data.
        if event.name == "error", chunk["error"] == nil { throw .openAI(event: chunk) }
        return try decode(chunk)
    }

    mutating func decode(_ chunk: JSONValue) throws(ProviderFailure) -> [ModelDelta] {
        guard chunk.object != nil else {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent a chunk that is not an object.")
        }
        if let error = chunk["error"], !error.isNull { throw .openAI(event: error) }
        var deltas: [ModelDelta] = []
        if let choice = chunk["choices"]?.array?.first(where: { ($0["index"]?.int ?? 0) == 0 }) {
            let delta = choice["delta"] ?? .null
            if let tokens = OpenAIAnswerReader.logprobs(of: choice) { deltas.append(.logprobs(tokens)) }
            if let reasoning = OpenAIAnswerReader.reasoning(of: delta) { deltas.append(.reasoning(reasoning)) }
            addDetails(delta["reasoning_details"])
            if let text = OpenAIAnswerReader.text(of: delta) { deltas += tags.feed(text) }
            for piece in delta["tool_calls"]?.array ?? [] {
                if let call = toolCall(piece) { deltas.append(.toolCall(call)) }
            }
            if !isFinished, let reason = OpenAIAnswerReader.finishReason(of: choice) {
                isFinished = true
                deltas += rest() + [.finish(reason)]
            }
        }
        if let usage = OpenAIAnswerReader.usage(of: chunk) { deltas.append(.usage(usage)) }
        return deltas
    }

    /// The deltas that are missing when the provider ends the stream with `[DONE]`.
    mutating func end() -> [ModelDelta] {
        guard !isFinished else { return [] }
        isFinished = true
        return rest() + [.finish(calls.isEmpty ? .stop : .toolCalls)]
    }

    /// What was held back until the end.
    private mutating func rest() -> [ModelDelta] {
        let details = details.isEmpty ? nil : OpaqueReasoning.openRouter.wrapped(.array(details))
        return tags.end() + (details.map { [.reasoningSignature($0)] } ?? [])
    }

    /// OpenRouter's: texts come in fragments, which are joined.
    private mutating func addDetails(_ value: JSONValue?) {
        for detail in value?.array ?? [] where details.count < 1_000 {
            let key = detail["text"] != nil ? "text" : "summary"
            guard let fragment = detail[key]?.string, case .object(var last)? = details.last,
                last["type"] == detail["type"], last["index"] == detail["index"], let start = last[key]?.string
            else {
                details.append(detail)
                continue
            }
            last[key] = .string(start + fragment)
            if let signature = detail["signature"], !signature.isNull { last["signature"] = signature }
            details[details.count - 1] = .object(last)
        }
    }

    private mutating func toolCall(_ piece: JSONValue) -> ModelToolCallDelta? {
        let function = piece["function"] ?? .null
        let id = piece["id"]?.nonEmptyString
        let name = function["name"]?.nonEmptyString
        let fragment = OpenAIAnswerReader.arguments(of: function) ?? ""
        if let index = knownCall(index: piece["index"]?.int, id: id, isNamed: name != nil) {
            return fragment.isEmpty ? nil : ModelToolCallDelta(index: index, argumentsFragment: fragment)
        }
        // One call beyond the limit tells the reader that it is exceeded; more would only cost time.
        guard let name, calls.count <= ModelAnswerLimits.toolCalls else { return nil }
        calls.append(Call(wireIndex: piece["index"]?.int, wireID: id))
        return ModelToolCallDelta(
            index: calls.count - 1, id: id ?? OpenAIAnswerReader.newToolCallID(), name: name,
            argumentsFragment: fragment)
    }

    /// The call that a fragment continues; nil when it begins one, which takes a name.
    private func knownCall(index: Int64?, id: String?, isNamed: Bool) -> Int? {
        if let id, let known = calls.lastIndex(where: { $0.wireID == id }) { return known }
        if let index {
            return calls.lastIndex { $0.wireIndex == index && (!isNamed || id == nil) }
        }
        return isNamed || calls.isEmpty ? nil : calls.count - 1
    }
}
