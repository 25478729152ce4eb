import AgentEngine
import LettaAPI
import ModelProviders
import Synchronization

/// Collects the JSON response of a turn from its events.
final class TurnCollector: Sendable {
    private struct State {
        var response = LettaResponse(messages: [], stopReason: .init(.endTurn), usage: UsageEvent())
        var failure: TurnFailure?
    }

    private let wanted: Set<String>?
    private let state = Mutex(State())

    /// - Parameter types: the message types in the response; nil for all.
    init(only types: [LettaMessageType]?) {
        wanted = types.map { Set($0.map(\.rawValue)) }
    }

    func add(_ event: TurnEvent) {
        state.withLock { state in
            switch event {
            case .ping:
                break
            case .message(let message):
                if wanted?.contains(message.messageType) ?? true {
                    state.response.messages.append(LettaMessage(message))
                }
            case .stopReason(let stop):
                state.response.stopReason = StopReasonEvent(StopReason(rawValue: stop.rawValue) ?? .error)
            case .usage(let usage):
                state.response.usage = UsageEvent(usage)
            case .failure(let failure, _):
                state.failure = failure
            }
        }
    }

    /// Adds what events do not hold of a model's answer.
    func add(_ answer: ModelAnswer) {
        state.withLock { $0.response.logprobs = answer.logprobs.map(TokenLogprobs.init) }
    }

    /// The response of a turn that has ended.
    ///
    /// - Throws: `APIError` for a turn that failed.
    func response() throws -> LettaResponse {
        let state = state.withLock { $0 }
        if let failure = state.failure { throw APIError(failure) }
        return state.response
    }
}

extension APIError {
    init(_ failure: TurnFailure) {
        let isOverflow = failure.type == TurnFailure.systemPromptOverflowType
        self.init(
            status: failure.status,
            body: isOverflow
                ? .detail(failure.detail)
                : .model(type: failure.type, message: failure.message, detail: failure.detail))
        isPermanent = failure.isPermanent
    }
}

extension UsageEvent {
    fileprivate init(_ usage: TurnUsage) {
        self.init()
        let hasSteps = usage.stepCount > 0
        completionTokens = usage.completionTokens
        promptTokens = usage.promptTokens
        totalTokens = usage.totalTokens
        stepCount = usage.stepCount
        runIDs = usage.runIDs
        cachedInputTokens = hasSteps ? usage.cachedPromptTokens : nil
        cacheWriteTokens = hasSteps ? usage.cacheWriteTokens : nil
        reasoningTokens = hasSteps ? usage.reasoningTokens : nil
        contextTokens = usage.contextTokens
    }
}
