import AgentEngine
import LettaAPI
import ModelProviders
import Storage

/// Counts what turns use, and stops those that reach a daily limit. Everything happens in the transactions of the turn, so
/// that nothing is counted twice or lost.
struct UsageMeter: Sendable {
    let prices: ModelPrices

    /// Counts a turn that begins.
    ///
    /// - Throws: `APIError` 429 when a limit is reached.
    func begin(_ subject: UsageSubject, model: String, at time: Timestamp, _ db: Transaction) throws {
        if let reached = try Self.reached(subject, beginning: true, at: time, db) {
            let failure = reached.failure
            var error = APIError(
                status: failure.status,
                body: .model(type: failure.type, message: failure.message, detail: failure.detail),
                retryAfter: max(1, Int((reached.resetsAt.microseconds - time.microseconds) / 1_000_000)),
                underlying: reached)
            error.isPermanent = true
            throw error
        }
        try UsageStore.add(UsageAddition(turns: 1), of: subject, model: model, at: time, db)
    }

    /// Counts a step.
    func add(
        _ step: Step, isBatched: Bool, of subject: UsageSubject, at time: Timestamp, _ db: Transaction
    ) throws {
        var usage = UsageAddition(steps: 1)
        usage.promptTokens = step.promptTokens
        usage.completionTokens = step.completionTokens
        usage.cachedInputTokens = step.cachedInputTokens ?? 0
        usage.cacheWriteTokens = step.cacheWriteTokens ?? 0
        usage.reasoningTokens = step.reasoningTokens ?? 0
        usage.cost = prices.cost(of: step, isBatched: isBatched)
        try UsageStore.add(usage, of: subject, model: step.modelHandle ?? step.model ?? "", at: time, db)
    }

    /// The limit that is reached; nil for none.
    ///
    /// - Parameter isBeginning: whether a turn is about to begin, which the limit of turns must still allow.
    static func reached(
        _ subject: UsageSubject, beginning isBeginning: Bool, at time: Timestamp, _ db: Transaction
    ) throws -> ReachedLimit? {
        for quota in try QuotaStore.limiting(subject, db) {
            let used = try UsageStore.used(by: quota, on: time.utcDay, db)
            let limit: String? =
                if let most = quota.tokensPerDay, used.totalTokens >= most {
                    "\(most) tokens a day (used: \(used.totalTokens))"
                } else if let most = quota.costPerDay, let cost = used.cost, cost >= most {
                    "\(most) US dollars a day (used: \(cost))"
                } else if isBeginning, let most = quota.turnsPerDay, used.turns >= most {
                    "\(most) turns a day (used: \(used.turns))"
                } else {
                    nil
                }
            if let limit {
                return ReachedLimit(quota: quota.id, of: quota.subject, limit: limit, resetsAt: time.nextUTCDay)
            }
        }
        return nil
    }
}

/// A daily limit that stops a turn.
struct ReachedLimit: Error, Sendable {
    let quota: ID<Quota>
    /// Such as `agent agent-…`.
    let subject: String
    let limit: String
    let resetsAt: Timestamp

    init(quota: ID<Quota>, of subject: String, limit: String, resetsAt: Timestamp) {
        self.quota = quota
        self.subject = subject
        self.limit = limit
        self.resetsAt = resetsAt
    }

    /// Ends a turn before its next call of the model.
    func end(_ turn: RunningTurn) -> [StepAction] {
        let failure = ProviderFailure(.insufficientCredits, message: limit)
        return turn.machine.receive(.modelFailed(failure)).map { action in
            guard case .finish(var end) = action else { return action }
            end.failure = self.failure
            return .finish(end)
        }
    }

    var failure: TurnFailure {
        var failure = TurnFailure(
            type: TurnFailure.quotaType, message: "A daily limit is reached.",
            detail: """
                QUOTA_EXCEEDED: The limit of the \(subject) is \(limit). It resets at \(resetsAt.wireText). Raise it \
                with PUT /v1/quotas/ (\(quota)), or wait.
                """, status: 429)
        failure.isPermanent = true
        return failure
    }
}

extension TurnFailure {
    static let quotaType = "quota_exceeded"
}

extension Quota {
    /// Whose limit it is, in words.
    fileprivate var subject: String {
        if let agentID { return "agent \(agentID)" }
        if let identityID { return "identity \(identityID)" }
        return "API key \(keyID?.rawValue ?? "")"
    }
}
