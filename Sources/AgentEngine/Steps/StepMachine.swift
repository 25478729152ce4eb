import ModelProviders

/// Runs one turn of an agent whose model answers in text or with tool calls: takes what happened, says what to do.
///
/// A step is one model call with its tools. The machine knows no time, no store and no network; whoever drives it
/// carries out the actions in their order and feeds back what comes of them. An input that does not fit the moment,
/// such as a piece of an answer after a cancel, is ignored. A machine serves one turn.
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
    /// Whether the changes that a small model's user asked for were made in this turn.
    var hasChangedMemory = false
    /// What this turn's tools did for a small model.
    var acts: Set<ActClaim.Act> = []

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
        case (.persisting(let record), .stepPersisted(let next, let messages)):
            return persisted(record, messages ?? record.messages, next)
        default:
            return []
        }
    }

    // MARK: The model

    private mutating func begin(_ identity: StepIdentity) -> [StepAction] {
        phase = .awaitingModel
        if let changes = memoryChanges() {
            step = CurrentStep(identity, plan: plan, form: .call)
            step?.isServers = true
            return take(changes)
        }
        let call = nextCall()
        let check = plan.smallModel.map { CheckedAnswer($0, acts: acts) }
        step = CurrentStep(identity, plan: plan, form: call.form, check: check)
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

    /// Stores the step. With `stop` the turn ends with it.
    mutating func persist(_ messages: [TurnMessage], stop: TurnStop?) -> [StepAction] {
        guard let step else { return [] }
        var record = StepRecord(
            identity: step.identity, messages: messages, callsAreStored: step.callsAreStored, usage: step.usage,
            finishReason: step.finishReason, end: stop.map { TurnEnd(stop: $0, usage: usage, failure: nil) })
        record.isResumed = step.isResumed
        phase = .persisting(record)
        return [.persistStep(record)]
    }

    /// What is stored is shown; then the turn ends or goes on.
    private mutating func persisted(
        _ record: StepRecord, _ messages: [TurnMessage], _ next: StepIdentity
    ) -> [StepAction] {
        let shown = messages.flatMap(entries).map { StepAction.emit(.message($0)) }
        if let end = record.end {
            phase = .finished
            return shown + [.finish(end)]
        }
        if isCancelled { return shown + end(.cancelled) }
        return shown + begin(next)
    }

    /// The entries for a stored message, without what was shown in pieces.
    private func entries(of message: TurnMessage) -> [WireMessage] {
        if plan.streamsTokens, step?.isClients == true { return [] }
        // Heartbeats are between the loop and the model.
        if plan.loop == .heartbeat, message.role == .user { return [] }
        let entries = WireMessage.entries(
            of: message, for: plan.streamsTokens ? .list : .answer, speech: plan.speech)
        guard message.role == .assistant, let stream = step?.stream else { return entries }
        return entries.filter { !stream.showed($0.body) }
    }

    mutating func end(_ stop: TurnStop, failure: TurnFailure? = nil) -> [StepAction] {
        phase = .finished
        return [.finish(TurnEnd(stop: stop, usage: usage, failure: failure))]
    }
}

/// What the machine remembers of the step it is in.
struct CurrentStep: Sendable {
    let identity: StepIdentity
    let form: ModelCall.Form
    var stream: StepStream
    var callIDs: CallIDs
    var usage: ModelUsage?
    var finishReason: ModelFinishReason?
    /// What the model said, when it called tools.
    var assistant: TurnMessage?
    var callsAreStored = false
    /// What the model thought in the arguments of its calls.
    var thought: String?
    /// The places of calls whose arguments are no JSON object.
    var unreadableCalls: Set<Int> = []
    /// True when the calls are those a turn before stopped at.
    var isResumed = false
    /// True when the server made the calls, and no model.
    var isServers = false
    /// True when the client gave all results, which a stream of tokens does not repeat.
    var isClients = false
    var runs: [ToolRun] = []
    var returns: [String: TurnMessage.ToolReturn] = [:]
    var lastResultAt: Int64

    /// What a small model's answer has to pass.
    let check: CheckedAnswer?

    init(
        _ identity: StepIdentity, plan: TurnPlan, form: ModelCall.Form = .usual, check: CheckedAnswer? = nil
    ) {
        self.identity = identity
        self.form = form
        self.check = check
        stream = StepStream(identity, plan: plan, form: form, check: check)
        callIDs = CallIDs(messageID: identity.assistantMessageID)
        lastResultAt = identity.startedAt
    }

    var isWaitingForResults: Bool { runs.contains { returns[$0.callID] == nil } }
}
