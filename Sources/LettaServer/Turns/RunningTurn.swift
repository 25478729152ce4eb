import AgentEngine
import LettaAPI
import ModelProviders

/// A request to the model with the answer that comes when it is read: nothing is sent before.
struct ModelQuestion: Sendable {
    let request: ModelRequest
    let deltas: any AsyncSequence<ModelDelta, ProviderFailure> & Sendable
}

/// A turn of which nothing is done yet.
struct TurnBeginning: Sendable {
    let state: TurnState
    let machine: StepMachine
    let actions: [StepAction]
    /// What the first of the actions that ask the model will ask.
    let question: ModelQuestion?
    let time: Timestamp
}

/// What is known of a turn while it runs.
///
/// An object, because as a value it would stand in the frame of every function that waits for the model.
final class RunningTurn {
    var state: TurnState
    var machine: StepMachine
    let startedAt: Timestamp
    var step = StepTimes(start: Timestamp(microseconds: 0))
    /// The blocks as the calls of this step left them; stored with the step.
    var memory: [MemoryBlock]
    var memoryCalls: [ToolRun] = []
    /// What the calls of this step put into archival memory; stored with the step.
    var passages: [NewPassage] = []
    var toolNames: [String] = []
    var lastRequest: ModelRequest?
    var lastAnswer: ModelAnswer?
    /// Whether somebody may have seen a part of the step's answer.
    var hasShownPieces = false
    /// Whether the last step's transaction already says how the run ended.
    var hasStoredEnd = false

    /// What the first step asks, if it was put together before.
    private var question: ModelQuestion?

    init(_ beginning: TurnBeginning) {
        state = beginning.state
        machine = beginning.machine
        startedAt = beginning.time
        question = beginning.question
        memory = state.memory
    }

    /// What is ready to be asked: once.
    func takeQuestion() -> ModelQuestion? {
        defer { question = nil }
        return question
    }

    /// Notes how the run ended, for whoever stores it next.
    func close(_ end: TurnEnd, at time: Timestamp) {
        state.run.status = RunStatus(rawValue: end.stop.runStatus) ?? .failed
        state.run.stopReason = StopReason(rawValue: end.stop.rawValue)
        state.run.completedAt = time
        state.run.totalDuration = nanoseconds(from: startedAt, to: time)
    }

    func outcome(of record: StepRecord, traceID: ID<ProviderTrace>, at time: Timestamp) -> StepOutcome {
        var step = Step(
            id: ID(record.identity.stepID), runID: state.run.id, agentID: state.agent.id, status: "success")
        step.providerName = state.config.providerName
        step.providerCategory = state.config.providerCategory
        step.model = state.config.model
        step.modelHandle = state.config.handle
        step.modelEndpoint = state.config.modelEndpoint
        step.contextWindowLimit = state.config.contextWindow
        step.promptTokens = record.usage?.promptTokens ?? 0
        step.completionTokens = record.usage?.completionTokens ?? 0
        step.cachedInputTokens = record.usage?.cachedPromptTokens
        step.reasoningTokens = record.usage?.reasoningTokens
        step.stopReason = record.end.flatMap { StopReason(rawValue: $0.stop.rawValue) }
        var metrics = StepMetrics(
            id: step.id, organizationID: state.scope.organization, runID: state.run.id, agentID: state.agent.id)
        let modelEnd = self.step.modelEnd ?? time
        metrics.start = Int(self.step.start.microseconds * 1_000)
        metrics.modelCallStart = metrics.start
        metrics.modelCall = nanoseconds(from: self.step.start, to: modelEnd)
        metrics.toolExecution = self.step.toolsEnd.map { nanoseconds(from: modelEnd, to: $0) }
        metrics.duration = nanoseconds(from: self.step.start, to: time)
        let row = StepRow(step: step, metrics: metrics, toolNames: toolNames, createdAt: self.step.start)
        return StepOutcome(
            messages: Array(record.messages.dropFirst(record.callsAreStored ? 1 : 0)), memoryCalls: memoryCalls,
            passages: passages, row: row,
            trace: lastRequest.map { TraceText.trace($0, lastAnswer, id: traceID, step: step.id, at: time) },
            end: record.end)
    }
}

/// When the parts of a step were.
struct StepTimes: Sendable {
    var start: Timestamp
    var modelEnd: Timestamp?
    var toolsEnd: Timestamp?
}

/// The time between two points, never negative.
func nanoseconds(from start: Timestamp, to end: Timestamp) -> Int {
    Int(max(0, end.microseconds - start.microseconds) * 1_000)
}
