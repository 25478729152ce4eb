package import JSON
package import ModelProviders

/// What a turn cost, in tokens: sums over its steps but for `contextTokens`.
package struct TurnUsage: Sendable, Hashable {
    package private(set) var promptTokens = 0
    package private(set) var completionTokens = 0
    package private(set) var totalTokens = 0
    package private(set) var cachedPromptTokens = 0
    package private(set) var reasoningTokens = 0
    package private(set) var stepCount = 0
    /// The size of the context after the last step; nil while no provider told it.
    package private(set) var contextTokens: Int?

    package init() {}

    /// Counts one model call; `usage` is nil where the provider did not tell.
    package mutating func addStep(_ usage: ModelUsage?) {
        stepCount += 1
        guard let usage else { return }
        promptTokens += usage.promptTokens
        completionTokens += usage.completionTokens
        totalTokens += usage.totalTokens
        cachedPromptTokens += usage.cachedPromptTokens ?? 0
        reasoningTokens += usage.reasoningTokens ?? 0
        contextTokens = usage.totalTokens
    }
}

extension TurnUsage: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        // A turn without a model call has nothing to tell about its parts.
        let hasSteps = stepCount > 0
        writer.object {
            $0.field("message_type", "usage_statistics")
            $0.field("completion_tokens", completionTokens)
            $0.field("prompt_tokens", promptTokens)
            $0.field("total_tokens", totalTokens)
            $0.field("step_count", stepCount)
            $0.field("run_ids", JSONValue.null)
            $0.field("cached_input_tokens", hasSteps ? cachedPromptTokens : nil)
            $0.field("cache_write_tokens", hasSteps ? 0 : nil)
            $0.field("reasoning_tokens", hasSteps ? reasoningTokens : nil)
            $0.field("context_tokens", contextTokens)
        }
    }
}
