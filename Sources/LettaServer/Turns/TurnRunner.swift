import AgentEngine
import JSON
import LettaAPI
import Logging
import ModelProviders
import Synchronization

/// Carries one turn from its stored messages to its end: does what the step machine says and tells it what came of it.
///
/// Nobody's leaving stops it; only ``TurnWorker/cancel(_:)`` does.
struct TurnRunner: Sendable {
    let core: Core
    let store: TurnStore
    let contexts: ContextCache
    let search: ConversationSearchService
    let python: PythonToolService
    let archival: ArchivalToolService
    let provider: any ModelProvider
    let control: TurnControl

    /// Runs to the end and closes the log, whatever happens.
    func run(_ state: TurnState, plan: TurnPlan) async {
        let turn = RunningTurn(state: state, machine: StepMachine(plan), startedAt: core.now())
        do {
            var actions = turn.machine.receive(.start(identity(of: state.run)))
            while !actions.isEmpty {
                let action = actions.removeFirst()
                actions += try await carryOut(action, turn)
            }
        } catch {
            core.logger.error(
                "A turn failed", metadata: ["run.id": "\(turn.state.run.id)", "error": "\(error)"])
            let failure = TurnFailure(
                type: "internal_error", message: "An error occurred during agent execution.",
                detail: "The server could not go on with this turn. What was stored before stays.", status: 500)
            await finish(TurnEnd(stop: .error, usage: TurnUsage(), failure: failure), turn)
        }
        control.log.finish()
        if turn.hasStoredEnd { contexts.keep(turn.state) }
    }

    private func carryOut(_ action: StepAction, _ turn: RunningTurn) async throws -> [StepAction] {
        switch action {
        case .emit(let event):
            control.log.append(event)
        case .callModel(let call):
            return await callModel(call, turn)
        case .runTools(let concurrent, let inOrder):
            let outcomes = await pythonOutcomes(of: concurrent, turn)
            return try await runTools(concurrent + inOrder, outcomes, turn)
        case .persistStep(let record):
            return try await persist(record, turn)
        case .finish(let end):
            await finish(end, turn)
        case .storeCalls(let message):
            return try await storeCalls(message, turn)
        case .refreshSystemMessage, .stopModel, .stopTools:
            // The step's transaction gave back the new system message; what runs is asked for its cancellation.
            break
        }
        return []
    }

    // MARK: Model

    private func callModel(_ call: ModelCall, _ turn: RunningTurn) async -> [StepAction] {
        if control.isCancelled { return turn.machine.receive(.cancel) }
        turn.step = StepTimes(start: core.now())
        turn.memoryCalls = []
        turn.passages = []
        turn.toolNames = []
        turn.hasShownPieces = false
        do {
            let request = try turn.state.request(call)
            turn.lastRequest = request
            do {
                return try await answer(request, turn)
            } catch let failure as ProviderFailure
                where failure.isAboutTools && !request.tools.isEmpty && !turn.hasShownPieces
            {
                // Some servers of small models can't read the calls of their own model: words are better than nothing.
                core.logger.warning("A model's answer could not be read; asking again without tools")
                return try await answer(request.withoutTools, turn)
            }
        } catch let failure as ProviderFailure {
            return turn.machine.receive(.modelFailed(failure))
        } catch {
            return turn.machine.receive(
                .modelFailed(ProviderFailure(.badRequest, message: "The agent's tools or settings can't be read.")))
        }
    }

    /// Reads the answer piece by piece, whether or not anybody sees the pieces: so the first one is known.
    private func answer(_ request: ModelRequest, _ turn: RunningTurn) async throws -> [StepAction] {
        var accumulator = ModelDeltaAccumulator()
        for try await delta in provider.stream(request) {
            if turn.state.run.timeToFirstToken == nil {
                turn.state.run.timeToFirstToken = nanoseconds(from: turn.startedAt, to: core.now())
            }
            accumulator.add(delta)
            for action in turn.machine.receive(.modelDelta(delta)) {
                if case .emit(let event) = action {
                    control.log.append(event)
                    turn.hasShownPieces = true
                }
            }
            if control.isCancelled { return turn.machine.receive(.cancel) }
        }
        turn.step.modelEnd = core.now()
        turn.lastAnswer = accumulator.answer
        return turn.machine.receive(.modelFinished(accumulator.answer))
    }

    // MARK: Tools

    /// - Parameter known: what came of calls that ran already, by their ids.
    private func runTools(
        _ runs: [ToolRun], _ known: [String: ToolOutcome], _ turn: RunningTurn
    ) async throws -> [StepAction] {
        var actions: [StepAction] = []
        for run in runs {
            if control.isCancelled { actions += turn.machine.receive(.cancel) }
            let outcome: ToolOutcome
            if let done = known[run.callID] {
                outcome = done
            } else if control.isCancelled {
                outcome = ToolOutcome(.string("The turn was cancelled."), succeeded: false)
            } else {
                outcome = try await self.outcome(of: run, turn)
            }
            if control.isCancelled { actions += turn.machine.receive(.cancel) }
            turn.toolNames.append(run.tool)
            actions += turn.machine.receive(
                .toolFinished(callID: run.callID, outcome, at: core.now().microseconds))
        }
        turn.step.toolsEnd = core.now()
        return actions
    }

    private func outcome(of run: ToolRun, _ turn: RunningTurn) async throws -> ToolOutcome {
        if let result = MemoryTools.run(run.tool, arguments: run.arguments, blocks: turn.memory) {
            turn.memory = result.blocks
            if !result.edits.isEmpty { turn.memoryCalls.append(run) }
            return result.outcome
        }
        if run.tool == ConversationSearchService.name {
            return try await search.run(run.arguments, by: turn.state.agent.id, as: turn.state.scope)
        }
        if let tool = turn.state.customTool(run.tool) {
            return await python.run(run, tool, by: turn.state.agent.id, as: turn.state.scope)
        }
        if let outcome = try await archival.run(
            run, by: turn.state.agent, adding: &turn.passages, as: turn.state.scope)
        {
            return outcome
        }
        return ToolOutcome(
            .string("The tool \(run.tool) is not served yet by this server."), succeeded: false)
    }

    // MARK: End

    private func persist(_ record: StepRecord, _ turn: RunningTurn) async throws -> [StepAction] {
        let time = core.now()
        if let end = record.end { turn.close(end, at: time) }
        let outcome = turn.outcome(of: record, traceID: core.ids.next(), at: time)
        let stored = try await store.persist(outcome, of: turn.state, at: time)
        turn.state = stored.value
        control.note(stored.settle)
        turn.memory = turn.state.memory
        turn.hasStoredEnd = record.end != nil
        return turn.machine.receive(.stepPersisted(next: identity(of: turn.state.run)))
    }

    private func finish(_ end: TurnEnd, _ turn: RunningTurn) async {
        let time = core.now()
        turn.close(end, at: time)
        if !turn.hasStoredEnd {
            do {
                try await shieldedFromCancellation { [state = turn.state] in
                    try await store.close(state.run, of: state.agent.id, at: time, as: state.scope)
                }
            } catch {
                core.logger.error(
                    "The end of a run could not be stored",
                    metadata: ["run.id": "\(turn.state.run.id)", "error": "\(error)"])
            }
        }
        for event in end.events(runID: turn.state.run.id.rawValue) { control.log.append(event) }
    }

    private func identity(of run: Run) -> StepIdentity {
        StepIdentity(
            stepID: core.ids.next(Step.self).rawValue, runID: run.id.rawValue,
            assistantMessageID: core.ids.next(Message.self).rawValue,
            toolMessageID: core.ids.next(Message.self).rawValue,
            noticeMessageID: core.ids.next(Message.self).rawValue, startedAt: core.now().microseconds)
    }
}

extension ProviderFailure {
    /// Whether the model may do better without tools.
    fileprivate var isAboutTools: Bool { kind == .invalidAnswer || kind == .toolsNotSupported }
}

extension ModelRequest {
    fileprivate var withoutTools: ModelRequest {
        var request = self
        request.tools = []
        request.toolChoice = .auto
        return request
    }
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

    init(state: TurnState, machine: StepMachine, startedAt: Timestamp) {
        self.state = state
        self.machine = machine
        self.startedAt = startedAt
        memory = state.memory
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
