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
    let store: TurnStore
    let search: ConversationSearchService
    let python: PythonToolService
    let archival: ArchivalToolService
    let provider: any ModelProvider
    let control: TurnControl
    let ids: IDSource
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// What a turn does first; nothing of it is done yet.
    func beginning(of state: TurnState, plan: TurnPlan) -> TurnBeginning {
        var machine = StepMachine(plan)
        let actions = machine.receive(.start(identity(of: state.run)))
        var question: ModelQuestion?
        for case .callModel(let call) in actions {
            // What can't be asked is said when it is to be asked.
            question = try? self.question(call, state)
            break
        }
        return TurnBeginning(state: state, machine: machine, actions: actions, question: question, time: now())
    }

    /// Runs to the end and closes the log, whatever happens.
    func run(_ beginning: TurnBeginning) async {
        let turn = RunningTurn(beginning)
        do {
            var actions = beginning.actions
            while !actions.isEmpty {
                let action = actions.removeFirst()
                actions += try await carryOut(action, turn)
            }
        } catch {
            logger.error(
                "A turn failed", metadata: ["run.id": "\(turn.state.run.id)", "error": "\(error)"])
            let failure = TurnFailure(
                type: "internal_error", message: "An error occurred during agent execution.",
                detail: "The server could not go on with this turn. What was stored before stays.", status: 500)
            await finish(TurnEnd(stop: .error, usage: TurnUsage(), failure: failure), turn)
        }
        control.log.finish()
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
        turn.step = StepTimes(start: now())
        turn.memoryCalls = []
        turn.passages = []
        turn.toolNames = []
        turn.hasShownPieces = false
        do {
            let question = try turn.takeQuestion() ?? question(call, turn.state)
            turn.lastRequest = question.request
            do {
                return try await answer(question, turn)
            } catch let failure as ProviderFailure
                where failure.isAboutTools && !question.request.tools.isEmpty && !turn.hasShownPieces
            {
                // Some servers of small models can't read the calls of their own model: words are better than nothing.
                logger.warning("A model's answer could not be read; asking again without tools")
                return try await answer(self.question(question.request.withoutTools), turn)
            }
        } catch let failure as ProviderFailure {
            return turn.machine.receive(.modelFailed(failure))
        } catch {
            return turn.machine.receive(
                .modelFailed(ProviderFailure(.badRequest, message: "The agent's tools or settings can't be read.")))
        }
    }

    private func question(_ call: ModelCall, _ state: TurnState) throws -> ModelQuestion {
        question(try state.request(call))
    }

    private func question(_ request: ModelRequest) -> ModelQuestion {
        ModelQuestion(request: request, deltas: provider.stream(request))
    }

    /// Reads the answer piece by piece, whether or not anybody sees the pieces: so the first one is known.
    private func answer(_ question: ModelQuestion, _ turn: RunningTurn) async throws -> [StepAction] {
        var accumulator = ModelDeltaAccumulator()
        for try await delta in question.deltas {
            if turn.state.run.timeToFirstToken == nil {
                turn.state.run.timeToFirstToken = nanoseconds(from: turn.startedAt, to: now())
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
        turn.step.modelEnd = now()
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
                .toolFinished(callID: run.callID, outcome, at: now().microseconds))
        }
        turn.step.toolsEnd = now()
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
        let time = now()
        if let end = record.end { turn.close(end, at: time) }
        let outcome = turn.outcome(of: record, traceID: ids.next(), at: time)
        let stored = try await store.persist(outcome, of: turn.state, at: time)
        turn.state = stored.value
        control.note(stored.settle)
        turn.memory = turn.state.memory
        turn.hasStoredEnd = record.end != nil
        return turn.machine.receive(.stepPersisted(next: identity(of: turn.state.run)))
    }

    private func finish(_ end: TurnEnd, _ turn: RunningTurn) async {
        let time = now()
        turn.close(end, at: time)
        if !turn.hasStoredEnd {
            do {
                try await shieldedFromCancellation { [state = turn.state] in
                    try await store.close(state.run, of: state.agent.id, at: time, as: state.scope)
                }
            } catch {
                logger.error(
                    "The end of a run could not be stored",
                    metadata: ["run.id": "\(turn.state.run.id)", "error": "\(error)"])
            }
        }
        for event in end.events(runID: turn.state.run.id.rawValue) { control.log.append(event) }
    }

    private func identity(of run: Run) -> StepIdentity {
        StepIdentity(
            stepID: ids.next(Step.self).rawValue, runID: run.id.rawValue,
            assistantMessageID: ids.next(Message.self).rawValue, toolMessageID: ids.next(Message.self).rawValue,
            noticeMessageID: ids.next(Message.self).rawValue, startedAt: now().microseconds)
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
