import JSON

/// Parses answers of `generateContent`: complete ones, and the parts they share with streamed ones.
enum GoogleAnswerReader {
    static func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        var decoder = GoogleEventDecoder()
        var accumulator = ModelDeltaAccumulator()
        for delta in try decoder.decode(document) { accumulator.add(delta) }
        guard decoder.isFinished else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer has no finished candidate.")
        }
        return accumulator.answer
    }

    /// Nil for an answer that goes on.
    static func finishReason(_ value: JSONValue?, hasCalls: Bool) throws(ProviderFailure) -> ModelFinishReason? {
        switch value?.string {
        case nil, "", "FINISH_REASON_UNSPECIFIED": return nil
        case "STOP": return hasCalls ? .toolCalls : .stop
        case "MAX_TOKENS": return .length
        case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY":
            return .contentFilter
        case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE":
            throw ProviderFailure(
                .invalidAnswer, message: "The model wrote a tool call that can't be read (\(value?.string ?? "")).")
        case let other?: return .other(other.lowercased())
        }
    }

    static func usage(of document: JSONValue) -> ModelUsage? {
        guard let usage = document["usageMetadata"], let prompt = usage["promptTokenCount"]?.tokenCount else {
            return nil
        }
        let thoughts = usage["thoughtsTokenCount"]?.tokenCount
        let tools = usage["toolUsePromptTokenCount"]?.tokenCount ?? 0
        return ModelUsage(
            promptTokens: prompt + tools,
            completionTokens: (usage["candidatesTokenCount"]?.tokenCount ?? 0) + (thoughts ?? 0),
            totalTokens: usage["totalTokenCount"]?.tokenCount,
            cachedPromptTokens: usage["cachedContentTokenCount"]?.tokenCount, reasoningTokens: thoughts)
    }

    static func failure(of error: JSONValue) -> ProviderFailure {
        let status = error["code"]?.int.flatMap { (400...599).contains($0) ? Int($0) : nil } ?? 500
        return ProviderFailure(event: error, status: status)
    }
}
