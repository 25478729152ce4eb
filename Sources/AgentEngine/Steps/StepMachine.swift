import ModelProviders

/// Runs one turn of an agent whose model answers in text or with tool calls: inputs return actions.
///
/// A step is one model call with its tools. The machine knows no time, storage or network; its driver performs the
/// actions in order and feeds back their results. An input that does not fit the state, such as a delta after a cancel,
/// is ignored. A machine serves one turn.
package struct StepMachine: Sendable {
    enum Phase: Sendable {
        case ready
        case awaitingModel
        case storingCalls
        case runningTools
        case persisting(StepRecord)
        case finished
    }

    let plan: TurnPlan
    var phase = Phase.ready
    var rules: ToolRuleState
    var usage = TurnUsage()
    var isCancelled = false
    var step: CurrentStep?
    /// Whether a note was requested in this turn, which is done once.
    var hasAskedForNote = false

    package init(_ plan: TurnPlan) {
        self.plan = plan
        rules = ToolRuleState(rules: plan.rules, tools: plan.tools.map(\.name))
    }

    package mutating func receive(_ input: StepInput) -> [StepAction] {
        switch (phase, input) {
        case (.ready, .start(let identity)):
            return plan.maximumSteps > 0 ? begin(identity) : end(.endTurn)
        case (.ready, .resume(let pending, let decisions, let identity)):
            return resume(pending, decisions, identity)
        case (.ready, .cancel):
            return end(.cancelled)
        case (.awaitingModel, .modelDelta(let delta)):
            return show(delta)
        case (.awaitingModel, .modelFinished(let answer)):
            return take(answer)
        case (.awaitingModel, .modelFailed(let failure)):
            return end(Self.stop(for: failure), failure: failure.kind == .cancelled ? nil : TurnFailure(failure))
        case (.awaitingModel, .cancel):
            return end(.cancelled)
        case (.storingCalls, .callsStored):
            return runTools()
        case (.runningTools, .toolFinished(let callID, let outcome, let at)):
            return toolFinished(callID, outcome, at: at)
        case (.storingCalls, .cancel), (.runningTools, .cancel), (.persisting, .cancel):
            isCancelled = true
            return []
        case (.persisting(let record), .stepPersisted(let next)):
            return persisted(record, next)
        default:
            return []
        }
    }

    // MARK: The model

    private mutating func begin(_ identity: StepIdentity) -> [StepAction] {
        let call = nextCall()
        step = CurrentStep(identity, plan: plan, form: call.form)
        phase = .awaitingModel
        return [.callModel(call)]
    }

    private mutating func show(_ delta: ModelDelta) -> [StepAction] {
        guard plan.streamsTokens, var step else { return [] }
        let entries = step.stream.add(delta, callIDs: &step.callIDs)
        self.step = step
        return entries.map { .emit(.message($0)) }
    }

    private static func stop(for failure: ProviderFailure) -> TurnStop {
        switch failure.kind {
        case .cancelled: .cancelled
        case .insufficientCredits: .insufficientCredits
        case .invalidAnswer: .invalidModelResponse
        default: .modelError
        }
    }

    // MARK: The end of a step

    /// Stores the step. With `stop` it ends the turn.
    mutating func persist(_ messages: [TurnMessage], stop: TurnStop?) -> [StepAction] {
        guard let step else { return [] }
        let record = StepRecord(
            identity: step.identity, messages: messages, callsAreStored: step.callsAreStored, usage: step.usage,
            finishReason: step.finishReason, end: stop.map { TurnEnd(stop: $0, usage: usage, failure: nil) })
        phase = .persisting(record)
        return [.persistStep(record)]
    }

    /// Shows what was stored; then the turn ends or goes on.
    private mutating func persisted(_ record: StepRecord, _ next: StepIdentity) -> [StepAction] {
        let shown = record.messages.flatMap(entries).map { StepAction.emit(.message($0)) }
        if let end = record.end {
            phase = .finished
            return shown + [.finish(end)]
        }
        if isCancelled { return shown + end(.cancelled) }
        return shown + begin(next)
    }

    /// The entries for a stored message, without those shown as deltas.
    private func entries(of message: TurnMessage) -> [WireMessage] {
        let entries = WireMessage.entries(of: message, for: plan.streamsTokens ? .list : .answer)
        guard message.role == .assistant, let stream = step?.stream else { return entries }
        return entries.filter { !stream.showed($0.body) }
    }

    mutating func end(_ stop: TurnStop, failure: TurnFailure? = nil) -> [StepAction] {
        phase = .finished
        return [.finish(TurnEnd(stop: stop, usage: usage, failure: failure))]
    }
}

/// The state of the current step.
struct CurrentStep: Sendable {
    let identity: StepIdentity
    let form: ModelCall.Form
    var stream: StepStream
    var callIDs: CallIDs
    var usage: ModelUsage?
    var finishReason: ModelFinishReason?
    /// The assistant message, when it has tool calls.
    var assistant: TurnMessage?
    var callsAreStored = false
    /// True when the calls are those at which an earlier turn stopped.
    var isResumed = false
    var runs: [ToolRun] = []
    var returns: [String: TurnMessage.ToolReturn] = [:]
    var lastResultAt: Int64

    init(_ identity: StepIdentity, plan: TurnPlan, form: ModelCall.Form = .usual) {
        self.identity = identity
        self.form = form
        stream = StepStream(identity, plan: plan, form: form)
        callIDs = CallIDs(messageID: identity.assistantMessageID)
        lastResultAt = identity.startedAt
    }

    var isWaitingForResults: Bool { runs.contains { returns[$0.callID] == nil } }
}
