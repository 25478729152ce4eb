import AgentEngine
import LettaAPI
import ModelProviders

/// What a turn knows of the size of its requests, and what it did to make the model take them.
struct ContextFitting: Sendable {
    private(set) var calibration: TokenCalibration
    private var storedPermille: Int?
    /// How often the provider has refused a request of this turn as too long.
    var overflows = 0
    /// The messages that are sent in another form after a refusal, and those that are left out.
    var converted: Set<String> = []
    var leftOut: Set<String> = []
    /// The provider's words on what it refused.
    var refusal = ""
    /// The messages of the turn that were found to be too long, said once.
    var shortened: Set<String> = []
    /// The size of the context after the last step, when it has to be compacted.
    var excess: Int?
    var stepID: String?
    var steps = 0

    /// How often a turn compacts because its provider refuses the length of a request.
    static let maximumOverflows = 3
    /// The share of the window that a request may take, in percent; the rest is for the answer.
    static let share = 90

    init(_ calibration: TokenCalibration) {
        self.calibration = calibration
        storedPermille = calibration.permille
    }

    /// The value to store; nil when it has changed too little to be worth a write.
    var changedPermille: Int? {
        guard let new = calibration.permille else { return nil }
        guard let old = storedPermille else { return new }
        return abs(new - old) * 20 > old ? new : nil
    }

    mutating func learn(_ usage: ModelUsage?, _ request: ModelRequest) {
        guard let usage else { return }
        calibration.learn(bytes: request.byteCount, reported: usage.promptTokens)
    }

    mutating func learnRefusal(of request: ModelRequest, window: Int) {
        overflows += 1
        calibration.learn(refusedBytes: request.byteCount, window: window)
    }

    /// Whether the request leaves room for an answer.
    func fits(_ request: ModelRequest, window: Int) -> Bool {
        calibration.tokens(bytes: request.byteCount) <= Self.limit(window)
    }

    static func limit(_ window: Int) -> Int { window / 100 * share }

    /// Notes whether the context has grown too large with a step.
    mutating func hasStoredStep(_ record: StepRecord, of state: TurnState, _ request: ModelRequest?) {
        steps += 1
        stepID = record.identity.stepID
        if changedPermille != nil { storedPermille = calibration.permille }
        let window = state.config.usableWindow
        // A small model is shown what fits; its context must not grow for ever all the same.
        let isSmall = state.context.smallModel != nil
        let bytes = isSmall ? state.context.messageSizes.reduce(0, +) / 2 : request.map(\.byteCount) ?? 0
        let said = record.messages.compactMap(\.text).reduce(0) { $0 + $1.utf8.count }
        let size = (isSmall ? nil : record.usage?.totalTokens) ?? calibration.tokens(bytes: bytes + said)
        excess = size > Self.limit(window) ? size : nil
    }
}

extension LLMConfig {
    /// The context window in tokens; a very large one where it is not known.
    var usableWindow: Int { contextWindow > 0 ? min(contextWindow, 1 << 32) : 1 << 32 }
}

extension RunningTurn {
    /// Whether nothing of this turn is stored yet but the user's messages.
    var isFirstStep: Bool { fitting.steps == 0 }

    func learn(from answer: ModelAnswer, _ request: ModelRequest) {
        fitting.learn(answer.usage, request)
    }
}

extension ModelAnswer {
    /// Whether it has neither text nor calls nor reasoning, though the model was not stopped by a limit.
    var saysNothing: Bool {
        guard finishReason != .length, finishReason != .limit, toolCalls.isEmpty else { return false }
        return (text ?? "").allSatisfy(\.isWhitespace) && (reasoning ?? "").isEmpty
    }
}
