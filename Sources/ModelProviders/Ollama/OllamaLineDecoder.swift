import EventStreams
import JSON

/// Decodes the lines of a streamed answer of `/api/chat`; a complete answer is one line.
struct OllamaLineDecoder: DeltaDecoder {
    static var framing: EventFraming.Kind { .lines }

    private var calls = 0
    private var tags = ThinkTags()
    private(set) var isFinished = false
    var isDone: Bool { isFinished }

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        try decode(event.document())
    }

    mutating func decode(_ document: JSONValue) throws(ProviderFailure) -> [ModelDelta] {
        guard document.object != nil else {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent a line that is not an object.")
        }
        if let error = document["error"], !error.isNull { throw ProviderFailure(event: error, status: 500) }
        var deltas: [ModelDelta] = []
        let message = document["message"] ?? .null
        if let reasoning = message["thinking"]?.nonEmptyString { deltas.append(.reasoning(reasoning)) }
        if let text = message["content"]?.nonEmptyString { deltas += tags.feed(text) }
        for call in message["tool_calls"]?.array ?? [] {
            // One call beyond the limit tells the reader that it is exceeded; more would only cost time.
            guard let name = call["function"]?["name"]?.nonEmptyString, calls <= ModelAnswerLimits.toolCalls else {
                continue
            }
            deltas.append(
                .toolCall(
                    ModelToolCallDelta(
                        index: calls, id: call["id"]?.nonEmptyString ?? OpenAIAnswerReader.newToolCallID(), name: name,
                        argumentsFragment: OpenAIAnswerReader.arguments(of: call["function"] ?? .null) ?? "{}")))
            calls += 1
        }
        guard document["done"]?.bool == true else { return deltas }
        isFinished = true
        deltas += tags.end() + [.finish(finishReason(document["done_reason"]?.string))]
        // The count of the prompt is left out where all of it was cached.
        if let completion = document["eval_count"]?.tokenCount {
            deltas.append(
                .usage(
                    ModelUsage(
                        promptTokens: document["prompt_eval_count"]?.tokenCount ?? 0, completionTokens: completion)))
        }
        return deltas
    }

    private func finishReason(_ reason: String?) -> ModelFinishReason {
        switch reason {
        case "length": .length
        case nil, "stop", "": calls > 0 ? .toolCalls : .stop
        case let other?: .other(other)
        }
    }
}
