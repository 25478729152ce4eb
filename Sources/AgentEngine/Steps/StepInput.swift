package import ModelProviders

/// What happens to a turn from outside.
package enum StepInput: Sendable {
    /// The turn's new messages are stored; the first step may begin.
    case start(StepIdentity)
    /// A person decided on the calls of `pending`, the stored message a turn stopped at. Begins a turn, as `start`.
    case resume(pending: TurnMessage, decisions: [ApprovalDecision], StepIdentity)
    case modelDelta(ModelDelta)
    /// The whole answer, also after it came in pieces.
    case modelFinished(ModelAnswer)
    case modelFailed(ProviderFailure)
    /// What `storeCalls` asked for is done.
    case callsStored
    /// Microseconds since 1970 UTC. Every call that was to run gets one of these, also when it was stopped.
    case toolFinished(callID: String, ToolOutcome, at: Int64)
    case cancel
    /// The step's record is stored; `next` is for the step that may follow.
    /// - Parameter messages: the step's messages as they were stored; nil when they are those of the record.
    case stepPersisted(next: StepIdentity, messages: [TurnMessage]? = nil)
}
