package import ModelProviders

/// What happens to a turn from outside.
package enum StepInput: Sendable {
    /// The turn's new messages are stored; the first step may begin.
    case start(StepIdentity)
    /// A person decided on the calls of `pending`, the stored message at which a turn stopped. Begins a turn, as
    /// `start`.
    case resume(pending: TurnMessage, decisions: [ApprovalDecision], StepIdentity)
    case modelDelta(ModelDelta)
    /// The complete answer, also after it was streamed.
    case modelFinished(ModelAnswer)
    case modelFailed(ProviderFailure)
    /// The message of `storeCalls` is stored.
    case callsStored
    /// Microseconds since 1970 UTC. Every call that was to run gets one of these, also when it was cancelled.
    case toolFinished(callID: String, ToolOutcome, at: Int64)
    case cancel
    /// The step's record is stored; `next` is for a possible next step.
    case stepPersisted(next: StepIdentity)
}

/// Whether a call may run.
package struct ApprovalDecision: Sendable, Hashable {
    package var callID: String
    package var approves: Bool
    package var reason: String?

    package init(callID: String, approves: Bool, reason: String? = nil) {
        self.callID = callID
        self.approves = approves
        self.reason = reason
    }
}
