package import JSON

/// A delta of a streamed answer.
package enum ModelDelta: Sendable, Equatable {
    case text(String)
    case reasoning(String)
    /// The provider's signature of the whole reasoning, for the providers that require it back.
    case reasoningSignature(String)
    case toolCall(ModelToolCallDelta)
    /// The log probabilities of the next tokens, in the format of OpenAI's chat completions.
    case logprobs([JSONValue])
    case finish(ModelFinishReason)
    case usage(ModelUsage)
}

/// A delta of one tool call.
///
/// The first delta of a call carries its id and name, the later ones only more of the arguments. `index` numbers the
/// calls of the answer from 0 without gaps.
package struct ModelToolCallDelta: Sendable, Equatable {
    package var index: Int
    package var id: String?
    package var name: String?
    package var argumentsFragment: String

    package init(index: Int, id: String? = nil, name: String? = nil, argumentsFragment: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.argumentsFragment = argumentsFragment
    }
}

/// Why a model stopped.
package enum ModelFinishReason: Sendable, Equatable {
    case stop
    /// The output token limit was reached; the answer is incomplete.
    case length
    case toolCalls
    case contentFilter
    /// A limit of this server was reached, see ``ModelAnswerLimits``; the answer is incomplete.
    case limit
    case other(String)
}

/// Token usage of an answer; nil what the provider does not report.
package struct ModelUsage: Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    package var totalTokens: Int
    /// The part of the prompt that was served from the provider's prompt cache.
    package var cachedPromptTokens: Int?
    /// The part of the prompt that was written to the provider's prompt cache.
    package var cacheWriteTokens: Int?
    /// The part of the completion spent on reasoning.
    package var reasoningTokens: Int?

    package init(
        promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil, cachedPromptTokens: Int? = nil,
        cacheWriteTokens: Int? = nil, reasoningTokens: Int? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.totalTokens = totalTokens ?? promptTokens + completionTokens
        self.cachedPromptTokens = cachedPromptTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.reasoningTokens = reasoningTokens
    }
}

/// A complete answer of a model.
package struct ModelAnswer: Sendable, Equatable {
    /// Nil when there is no text, such as when the model only calls tools.
    package var text: String?
    package var reasoning: String?
    package var reasoningSignature: String?
    package var toolCalls: [ModelToolCall]
    package var finishReason: ModelFinishReason
    package var usage: ModelUsage?
    /// Of each token, in the format of OpenAI's chat completions; nil when they were not asked for, or the service tells none.
    package var logprobs: [JSONValue]?

    package init(
        text: String? = nil, reasoning: String? = nil, reasoningSignature: String? = nil,
        toolCalls: [ModelToolCall] = [], finishReason: ModelFinishReason = .stop, usage: ModelUsage? = nil,
        logprobs: [JSONValue]? = nil
    ) {
        self.text = text
        self.reasoning = reasoning
        self.reasoningSignature = reasoningSignature
        self.toolCalls = toolCalls
        self.finishReason = finishReason
        self.usage = usage
        self.logprobs = logprobs
    }
}

/// Assembles an answer from its deltas, up to ``ModelAnswerLimits``.
package struct ModelDeltaAccumulator: Sendable {
    private var text: String?
    private var reasoning: String?
    private var reasoningSignature: String?
    private var toolCalls: [ModelToolCall] = []
    private var usage: ModelUsage?
    private var logprobs: [JSONValue]?
    private var room = ModelAnswerLimits.content
    /// Nil until the model has finished.
    package private(set) var finishReason: ModelFinishReason?

    package init() {}

    /// Whether a limit was reached, so that no further delta counts.
    package var isFull: Bool { finishReason == .limit }

    /// Adds a delta and returns what was kept of it; nil for nothing.
    @discardableResult
    package mutating func add(_ delta: ModelDelta) -> ModelDelta? {
        guard !isFull else { return nil }
        switch delta {
        case .text(let delta):
            let kept = fitting(delta, room)
            Self.append(kept, to: &text)
            return .text(kept)
        case .reasoning(let delta):
            let kept = fitting(delta, room)
            Self.append(kept, to: &reasoning)
            return .reasoning(kept)
        case .reasoningSignature(let signature): reasoningSignature = signature
        case .toolCall(let delta): return add(delta)
        case .logprobs(let tokens):
            let free = ModelAnswerLimits.logprobs - (logprobs?.count ?? 0)
            logprobs = logprobs ?? []
            logprobs?.append(contentsOf: tokens.prefix(free))
        case .finish(let reason): finishReason = reason
        case .usage(let total): usage = total
        }
        return delta
    }

    /// Appends in place: a copy for each delta would make a long answer quadratic.
    private static func append(_ fragment: String, to text: inout String?) {
        if text == nil { text = "" }
        text?.append(fragment)
    }

    private mutating func add(_ delta: ModelToolCallDelta) -> ModelDelta? {
        var delta = delta
        if delta.index == toolCalls.count {
            guard toolCalls.count < ModelAnswerLimits.toolCalls else {
                finishReason = .limit
                return nil
            }
            toolCalls.append(ModelToolCall(id: delta.id ?? "", name: delta.name ?? "", arguments: ""))
        }
        guard toolCalls.indices.contains(delta.index) else { return nil }
        let free = ModelAnswerLimits.arguments - toolCalls[delta.index].arguments.utf8.count
        delta.argumentsFragment = fitting(delta.argumentsFragment, min(room, free))
        toolCalls[delta.index].arguments += delta.argumentsFragment
        return .toolCall(delta)
    }

    /// The fragment, cut to `size` bytes; then the answer is full.
    private mutating func fitting(_ fragment: String, _ size: Int) -> String {
        let length = fragment.utf8.count
        room -= min(length, size)
        guard length > size else { return fragment }
        finishReason = .limit
        var end = fragment.utf8.index(fragment.startIndex, offsetBy: size)
        while fragment.utf8[end] & 0xc0 == 0x80 { end = fragment.utf8.index(before: end) }
        return String(fragment[..<end])
    }

    /// The answer so far. Without a finish reason it counts as stopped.
    package var answer: ModelAnswer {
        ModelAnswer(
            text: text, reasoning: reasoning, reasoningSignature: reasoningSignature, toolCalls: toolCalls,
            finishReason: finishReason ?? .stop, usage: usage, logprobs: logprobs)
    }
}
