import EventStreams
import JSON

/// Decodes the events of a streamed answer of the Responses API.
struct ResponsesEventDecoder: DeltaDecoder {
    /// A tool call in progress.
    private struct Call {
        /// In the deltas.
        var index: Int
        var hasArguments = false
    }

    /// By the index of the output item.
    private var calls: [Int64: Call] = [:]
    private var reasoning: [JSONValue] = []
    private var hasReasoning = false
    private(set) var isFinished = false
    var isDone: Bool { isFinished }

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        guard !event.data.elementsEqual("[DONE]".utf8) else { return [] }
        let document = try event.document()
        guard document.object != nil else {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent an event that is not an object.")
        }
        let index = document["output_index"]?.int ?? 0
        switch document["type"]?.string ?? event.name {
        case "response.output_item.added": return start(document["item"] ?? .null, at: index)
        case "response.output_item.done": return stop(document["item"] ?? .null, at: index)
        case "response.output_text.delta", "response.refusal.delta":
            let tokens = document["logprobs"]?.array ?? []
            let text = document["delta"]?.nonEmptyString.map { [ModelDelta.text($0)] } ?? []
            return tokens.isEmpty ? text : text + [.logprobs(tokens)]
        case "response.reasoning_summary_part.added":
            return hasReasoning ? [.reasoning(ResponsesAnswerReader.separator)] : []
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
            guard let text = document["delta"]?.nonEmptyString else { return [] }
            hasReasoning = true
            return [.reasoning(text)]
        case "response.function_call_arguments.delta":
            guard let call = calls[index], let text = document["delta"]?.nonEmptyString else { return [] }
            calls[index]?.hasArguments = true
            return [.toolCall(ModelToolCallDelta(index: call.index, argumentsFragment: text))]
        case "response.completed", "response.incomplete": return finish(document["response"] ?? .null)
        case "response.failed": throw ResponsesAnswerReader.failure(of: document["response"] ?? .null)
        case "error":
            let error = document["error"] ?? document
            throw ProviderFailure(event: error, status: ResponsesAnswerReader.status(of: error))
        // Beginnings and ends of parts, and events of later versions.
        default: return []
        }
    }

    private mutating func start(_ item: JSONValue, at index: Int64) -> [ModelDelta] {
        // One call beyond the limit tells the reader that it is exceeded; more would only cost time.
        guard let call = ResponsesAnswerReader.toolCall(item), calls[index] == nil,
            calls.count <= ModelAnswerLimits.toolCalls
        else { return [] }
        let position = calls.count
        calls[index] = Call(index: position, hasArguments: !call.arguments.isEmpty)
        return [
            .toolCall(
                ModelToolCallDelta(
                    index: position, id: call.id, name: call.name, argumentsFragment: call.arguments))
        ]
    }

    /// A call of which nothing has come, and arguments that came without deltas, are in the finished item.
    private mutating func stop(_ item: JSONValue, at index: Int64) -> [ModelDelta] {
        if item["type"]?.string == "reasoning", reasoning.count < ModelAnswerLimits.toolCalls { reasoning.append(item) }
        guard let call = ResponsesAnswerReader.toolCall(item) else { return [] }
        guard let known = calls[index] else { return start(item, at: index) }
        guard !known.hasArguments, !call.arguments.isEmpty else { return [] }
        calls[index]?.hasArguments = true
        return [.toolCall(ModelToolCallDelta(index: known.index, argumentsFragment: call.arguments))]
    }

    private mutating func finish(_ response: JSONValue) -> [ModelDelta] {
        isFinished = true
        var deltas: [ModelDelta] =
            ResponsesAnswerReader.signature(of: reasoning).map { [.reasoningSignature($0)] } ?? []
        deltas.append(.finish(ResponsesAnswerReader.finishReason(of: response, hasCalls: !calls.isEmpty)))
        if let usage = ResponsesAnswerReader.usage(of: response) { deltas.append(.usage(usage)) }
        return deltas
    }
}
