package import JSON
package import ModelProviders

/// The tokens of a turn: sums over its steps, except `contextTokens`.
package struct TurnUsage: Sendable, Hashable {
    package private(set) var promptTokens = 0
    package private(set) var completionTokens = 0
    package private(set) var totalTokens = 0
    package private(set) var cachedPromptTokens = 0
    package private(set) var cacheWriteTokens = 0
    package private(set) var reasoningTokens = 0
    package private(set) var stepCount = 0
    /// The size of the context after the last step; nil until a provider reports it.
    package private(set) var contextTokens: Int?
    /// The runs that the turn started in the background; nil for none.
    package var runIDs: [String]?

    package init() {}

    /// Adds one model call; `usage` is nil if the provider did not report it.
    package mutating func addStep(_ usage: ModelUsage?) {
        stepCount += 1
        guard let usage else { return }
        promptTokens += usage.promptTokens
        completionTokens += usage.completionTokens
        totalTokens += usage.totalTokens
        cachedPromptTokens += usage.cachedPromptTokens ?? 0
        cacheWriteTokens += usage.cacheWriteTokens ?? 0
        reasoningTokens += usage.reasoningTokens ?? 0
        contextTokens = usage.totalTokens
    }

    /// Adds the turn of another agent, whose context is its own.
    package mutating func add(_ other: TurnUsage) {
        promptTokens += other.promptTokens
        completionTokens += other.completionTokens
        totalTokens += other.totalTokens
        cachedPromptTokens += other.cachedPromptTokens
        cacheWriteTokens += other.cacheWriteTokens
        reasoningTokens += other.reasoningTokens
        stepCount += other.stepCount
        if let runs = other.runIDs { runIDs = (runIDs ?? []) + runs }
    }

    /// Sets the size of the context after a compaction.
    package mutating func setContext(tokens: Int) { contextTokens = tokens }
}

extension TurnUsage: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        // Without a model call there is no breakdown.
        let hasSteps = stepCount > 0
        writer.object {
            $0.field("message_type", "usage_statistics")
            $0.field("completion_tokens", completionTokens)
            $0.field("prompt_tokens", promptTokens)
            $0.field("total_tokens", totalTokens)
            $0.field("step_count", stepCount)
            $0.field("run_ids", runIDs)
            $0.field("cached_input_tokens", hasSteps ? cachedPromptTokens : nil)
            $0.field("cache_write_tokens", hasSteps ? cacheWriteTokens : nil)
            $0.field("reasoning_tokens", hasSteps ? reasoningTokens : nil)
            $0.field("context_tokens", contextTokens)
        }
    }
}
