import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// A running turn.
///
/// A class: a value would take space in the frame of every function that awaits the model.
final class RunningTurn {
    var state: TurnState
    var machine: StepMachine
    let startedAt: Timestamp
    var trace: TurnTrace
    var times = StepTimes(start: Timestamp(microseconds: 0))
    /// The blocks after the calls of this step; stored with the step.
    private var memory: [MemoryBlock]
    private var memoryCalls: [MemoryCall] = []
    private var passages: [NewPassage] = []
    private var toolNames: [String] = []
    var lastRequest: ModelRequest?
    var lastAnswer: ModelAnswer?
    /// Whether readers may have seen part of the step's answer.
    var hasShownPieces = false
    /// Whether the transaction of the last step stored the end of the run.
    var hasStoredEnd = false
    var fitting: ContextFitting

    init(state: TurnState, startedAt: Timestamp, _ trace: TurnTrace) {
        self.trace = trace
        self.state = state
        self.startedAt = startedAt
        machine = StepMachine(state.plan)
        memory = state.context.blocks
        fitting = ContextFitting(TokenCalibration(permille: state.agent.tokenPermille))
    }

    func beginStep(at time: Timestamp) {
        times = StepTimes(start: time)
        trace.beginStep(at: time)
        memory = state.context.blocks
        memoryCalls = []
        passages = []
        toolNames = []
        hasShownPieces = false
        lastAnswer = nil
    }

    /// Begins with the calls of `message`, which has waited for an approval.
    func beginResumed(_ message: TurnMessage, at time: Timestamp) {
        times = StepTimes(start: time)
        trace.resume()
        if message.toolCalls.contains(where: \.needsApproval) {
            trace.add(Span(waitingFor: message, in: trace.turn, to: time))
        }
    }

    /// Nil when the agent has no such tool.
    func toolContext(for call: ToolRun) -> ToolContext? {
        state.tools[call.tool].map { tool in
            ToolContext(scope: state.scope, agent: state.agent, tool: tool, memory: memory, passages: passages)
        }
    }

    /// Collects what the step's transaction has to write for a call.
    func add(_ result: ToolResult, of call: ToolRun) {
        toolNames.append(call.tool)
        passages += result.passages
        if let values = result.blockValues {
            // Calls side by side started from the same blocks.
            memory = MemoryTools.set(values, by: call.tool, blocks: memory).blocks
        } else if let blocks = result.memory {
            memory = blocks
        } else {
            return
        }
        memoryCalls.append(MemoryCall(call, values: result.blockValues))
    }

    /// Sets the end of the run for the next write.
    ///
    /// - Parameter reason: why it was cancelled, where that is known.
    func close(_ end: TurnEnd, because reason: String?, at time: Timestamp) {
        state.run.end(end.stop, because: end.failure, at: time)
        if end.stop == .cancelled, let reason { state.run.explain(reason) }
        state.run.totalDuration = startedAt.nanoseconds(to: time)
    }

    func result(of record: StepRecord, traceID: ID<ProviderTrace>, at time: Timestamp) -> StepResult {
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
        step.cacheWriteTokens = record.usage?.cacheWriteTokens
        step.reasoningTokens = record.usage?.reasoningTokens
        step.stopReason = record.end.flatMap { StopReason(rawValue: $0.stop.rawValue) }
        var metrics = StepMetrics(
            id: step.id, organizationID: state.scope.organization, runID: state.run.id, agentID: state.agent.id)
        let modelEnd = times.modelEnd ?? time
        metrics.start = times.start.nanoseconds
        let modelStart = times.modelStart ?? times.start
        metrics.modelCallStart = modelStart.nanoseconds
        metrics.modelCall = modelStart.nanoseconds(to: modelEnd)
        metrics.toolExecution = times.toolsEnd.map { modelEnd.nanoseconds(to: $0) }
        metrics.duration = times.start.nanoseconds(to: time)
        let spans =
            record.isResumed
            ? [] : trace.endStep(record.identity.stepID, of: state, from: times.start, to: time)
        return StepResult(
            messages: Array(record.messages.dropFirst(record.callsAreStored ? 1 : 0)), memoryCalls: memoryCalls,
            opensFiles: toolNames.contains(FileToolExecutor.open), passages: passages,
            row: record.isResumed
                ? nil : StepRow(step: step, metrics: metrics, toolNames: toolNames, createdAt: times.start),
            trace: lastRequest.map { TraceText.trace($0, lastAnswer, id: traceID, step: step.id, at: time) },
            spans: spans.map { RunSpan($0) }, runSpans: record.isResumed ? trace.others.map { RunSpan($0) } : [],
            end: record.end, tokenPermille: fitting.changedPermille,
            isBatched: (state.provider as? AnsweredProvider)?.takeCredit() ?? false)
    }
}

/// The times of the parts of a step.
struct StepTimes: Sendable {
    var start: Timestamp
    /// Later than the start where the context had to be compacted first.
    var modelStart: Timestamp?
    var modelEnd: Timestamp?
    var toolsEnd: Timestamp?
}

extension Timestamp {
    /// Since 1970, as far as an integer holds them.
    var nanoseconds: Int { Self.nanoseconds(microseconds) }

    /// The time until `end`, never negative.
    func nanoseconds(to end: Timestamp) -> Int {
        Self.nanoseconds(max(0, end.microseconds - microseconds))
    }

    private static func nanoseconds(_ microseconds: Int64) -> Int {
        let (product, isTooLarge) = Int(microseconds).multipliedReportingOverflow(by: 1_000)
        return isTooLarge ? (microseconds < 0 ? .min : .max) : product
    }
}
