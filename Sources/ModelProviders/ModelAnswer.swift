/// A piece of a model's answer.
package enum ModelDelta: Sendable, Equatable {
    case text(String)
    case reasoning(String)
    case toolCall(ModelToolCallDelta)
    case finish(ModelFinishReason)
    case usage(ModelUsage)
}

/// A piece of one tool call.
///
/// The first piece of a call carries its id and name, the later ones only more of the arguments. `index` counts the
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
    /// The limit of the answer was reached, so that it is incomplete.
    case length
    case toolCalls
    case contentFilter
    case other(String)
}

/// What an answer cost, in tokens. What a provider does not tell is nil.
package struct ModelUsage: Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    package var totalTokens: Int
    /// The part of the prompt that was read from the provider's cache.
    package var cachedPromptTokens: Int?
    /// The part of the completion that was thinking.
    package var reasoningTokens: Int?

    package init(
        promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil, cachedPromptTokens: Int? = nil,
        reasoningTokens: Int? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.totalTokens = totalTokens ?? promptTokens + completionTokens
        self.cachedPromptTokens = cachedPromptTokens
        self.reasoningTokens = reasoningTokens
    }
}

/// A whole answer of a model.
package struct ModelAnswer: Sendable, Equatable {
    /// Nil where the model said nothing, as it does when it only calls tools.
    package var text: String?
    package var reasoning: String?
    package var toolCalls: [ModelToolCall]
    package var finishReason: ModelFinishReason
    package var usage: ModelUsage?

    package init(
        text: String? = nil, reasoning: String? = nil, toolCalls: [ModelToolCall] = [],
        finishReason: ModelFinishReason = .stop, usage: ModelUsage? = nil
    ) {
        self.text = text
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.finishReason = finishReason
        self.usage = usage
    }
}

/// Puts the pieces of an answer together.
package struct ModelDeltaAccumulator: Sendable {
    private var text: String?
    private var reasoning: String?
    private var toolCalls: [ModelToolCall] = []
    private var usage: ModelUsage?
    /// Nil until the model said that it is done.
    package private(set) var finishReason: ModelFinishReason?

    package init() {}

    package mutating func add(_ delta: ModelDelta) {
        switch delta {
        case .text(let piece): Self.append(piece, to: &text)
        case .reasoning(let piece): Self.append(piece, to: &reasoning)
        case .toolCall(let piece): add(piece)
        case .finish(let reason): finishReason = reason
        case .usage(let total): usage = total
        }
    }

    /// In place: a new text for each piece would make a long answer cost the square of its length.
    private static func append(_ piece: String, to text: inout String?) {
        if text == nil { text = "" }
        text?.append(piece)
    }

    private mutating func add(_ piece: ModelToolCallDelta) {
        if piece.index == toolCalls.count {
            toolCalls.append(ModelToolCall(id: piece.id ?? "", name: piece.name ?? "", arguments: ""))
        }
        guard toolCalls.indices.contains(piece.index) else { return }
        toolCalls[piece.index].arguments += piece.argumentsFragment
    }

    /// What has come so far. An answer that was not finished counts as stopped.
    package var answer: ModelAnswer {
        ModelAnswer(
            text: text, reasoning: reasoning, toolCalls: toolCalls, finishReason: finishReason ?? .stop, usage: usage)
    }
}
