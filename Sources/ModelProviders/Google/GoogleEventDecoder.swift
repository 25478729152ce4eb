import EventStreams
import JSON

/// Decodes the events of `streamGenerateContent`; each has a part of the answer in the form of a complete one.
struct GoogleEventDecoder: DeltaDecoder {
    /// The signatures of the calls, null for a call without one.
    private var signatures: [JSONValue] = []
    private var textSignature: JSONValue?
    private(set) var isFinished = false
    /// The stream ends with its connection.
    var isDone: Bool { false }

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        try decode(event.document())
    }

    mutating func decode(_ document: JSONValue) throws(ProviderFailure) -> [ModelDelta] {
        let document = document.array?.first ?? document
        guard document.object != nil else {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent an event that is not an object.")
        }
        if let error = document["error"], !error.isNull { throw GoogleAnswerReader.failure(of: error) }
        if let reason = document["promptFeedback"]?["blockReason"]?.nonEmptyString {
            throw ProviderFailure(
                .badRequest,
                message: "The provider's filter blocked the prompt (\(reason)). Change or remove the message.")
        }
        guard !isFinished, let candidate = document["candidates"]?.array?.first else { return [] }
        var deltas: [ModelDelta] = []
        for part in candidate["content"]?["parts"]?.array ?? [] { deltas += read(part) }
        guard
            let reason = try GoogleAnswerReader.finishReason(candidate["finishReason"], hasCalls: !signatures.isEmpty)
        else { return deltas }
        isFinished = true
        if let signature { deltas.append(.reasoningSignature(signature)) }
        deltas.append(.finish(reason))
        if let usage = GoogleAnswerReader.usage(of: document) { deltas.append(.usage(usage)) }
        return deltas
    }

    private mutating func read(_ part: JSONValue) -> [ModelDelta] {
        if let call = part["functionCall"], let name = call["name"]?.nonEmptyString {
            // One call beyond the limit tells the reader that it is exceeded; more would only cost time.
            guard signatures.count <= ModelAnswerLimits.toolCalls else { return [] }
            signatures.append(part["thoughtSignature"] ?? .null)
            let delta = ModelToolCallDelta(
                index: signatures.count - 1, id: call["id"]?.nonEmptyString ?? OpenAIAnswerReader.newToolCallID(),
                name: name, argumentsFragment: JSONWriter.string(of: call["args"] ?? [:]))
            return [.toolCall(delta)]
        }
        if part["thought"]?.bool == true { return part["text"]?.nonEmptyString.map { [.reasoning($0)] } ?? [] }
        if let signature = part["thoughtSignature"], !signature.isNull { textSignature = signature }
        return part["text"]?.nonEmptyString.map { [.text($0)] } ?? []
    }

    private var signature: String? {
        guard textSignature != nil || signatures.contains(where: { !$0.isNull }) else { return nil }
        var value: JSONObject = [:]
        if let textSignature { value["text"] = textSignature }
        if !signatures.isEmpty { value["calls"] = .array(signatures) }
        return OpaqueReasoning.google.wrapped(.object(value))
    }
}
