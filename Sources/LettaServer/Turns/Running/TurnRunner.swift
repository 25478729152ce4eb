import AgentEngine
import EventStreams
import JSON
import LettaAPI
import Logging
import ModelProviders

/// Drives a turn from its stored messages to its end: performs the actions of the step machine and feeds back the
/// results.
///
/// Client disconnects do not stop a turn; only ``TurnWorker/cancel(_:)`` does.
struct TurnRunner: Sendable {
    let core: Core
    let executors: ToolExecutors
    let control: TurnControl
    let ends: RunEnds
    let compactor: ContextCompactor
    let usage: UsageMeter
    let refused: RefusedCalls
    /// Where spans are sent; nil for nowhere.
    let exporter: SpanExporter?
    /// Starts the agents that work on the memory after a turn, and returns their runs.
    let startCompanions: @Sendable (TurnState) async -> [String]

    private var writer: TurnWriter { TurnWriter(core: core, usage: usage) }

    /// Runs to the end and closes the log in any case.
    func run(_ state: TurnState) async {
        let trace = TurnTrace(of: state.run.id, in: TraceContext.current, exporter: exporter)
        let turn = RunningTurn(state: state, startedAt: core.now(), trace)
        await TraceContext.$current.withValue(trace.turn) { await run(turn) }
        control.log.finish()
    }

    private func run(_ turn: RunningTurn) async {
        do {
            var actions = begin(turn, identity(of: turn.state.run))
            while !actions.isEmpty {
                let action = actions.removeFirst()
                actions += try await perform(action, turn)
            }
        } catch {
            await cancelIfDeleted(turn)
            core.logger.error(
                "A turn failed", metadata: ["run.id": "\(turn.state.run.id)", "error": "\(error)"])
            var end = TurnEnd(stop: control.isCancelled ? .cancelled : .error, usage: TurnUsage())
            if !control.isCancelled {
                end.failure = TurnFailure(
                    type: "internal_error", message: "An error occurred during agent execution.",
                    detail: "The server could not continue this turn. The steps before it are stored.", status: 500)
            }
            await finish(end, turn)
        }
    }

    private func perform(_ action: StepAction, _ turn: RunningTurn) async throws -> [StepAction] {
        switch action {
        case .emit(let event):
            control.emit(event)
        case .callModel(let call):
            return try await callModel(call, turn)
        case .runTools(let concurrent, let inOrder):
            return await runTools(concurrent, inOrder, turn)
        case .storeCalls(let message):
            turn.state = try await writer.storeCalls(message, of: turn.state)
            return turn.machine.receive(.callsStored)
        case .persistStep(let record):
            return try await persist(record, turn)
        case .finish(let end):
            await finish(end, turn)
        }
        return []
    }

    // MARK: Model

    private func callModel(_ call: ModelCall, _ turn: RunningTurn) async throws -> [StepAction] {
        if control.isCancelled { return turn.machine.receive(.cancel) }
        if let limit = turn.state.reachedLimit { return limit.end(turn) }
        turn.beginStep(at: core.now())
        do {
            var request = try await fitted(call, turn)
            while true {
                turn.lastRequest = request
                do throws(ProviderFailure) {
                    guard let answer = try await answer(request, turn) else { return turn.machine.receive(.cancel) }
                    turn.learn(from: answer, request)
                    try await settle(turn)
                    if answer.saysNothing, call.form == .usual, turn.isFirstStep { return nothingSaid(turn) }
                    turn.lastAnswer = answer
                    if request.topLogprobs != nil { control.collector?.add(answer) }
                    return turn.machine.receive(.modelFinished(answer))
                } catch {
                    guard !control.isCancelled, let next = try await mended(call, request, error, turn) else {
                        return failed(error.naming(turn.state.provider.settings), turn)
                    }
                    request = next
                }
            }
        } catch let overflow as SystemPromptOverflow {
            return overflow.end(turn)
        } catch is CancellationError {
            return turn.machine.receive(.cancel)
        }
    }

    /// - Returns: nil when the turn was cancelled.
    private func answer(_ request: ModelRequest, _ turn: RunningTurn) async throws(ProviderFailure) -> ModelAnswer? {
        do throws(ProviderFailure) {
            let answer = try await read(request, turn)
            guard answer?.saysNothing == true, turn.isFirstStep, !turn.hasShownPieces else { return answer }
            core.logger.notice("A model's answer was empty; asking once more", metadata: ["run.id": "\(control.run)"])
            return try await read(request, turn)
        } catch  where error.isAboutTools && !request.tools.isEmpty && !turn.hasShownPieces {
            // Some servers of small models can't parse the calls of their own model; an answer in text is better than
            // none.
            core.logger.warning("A model's answer could not be parsed; retrying without tools")
            return try await read(request.withoutTools, turn)
        }
    }

    private func read(_ request: ModelRequest, _ turn: RunningTurn) async throws(ProviderFailure) -> ModelAnswer? {
        let (context, start) = (turn.trace.step.child(), core.now())
        turn.times.modelStart = turn.times.modelStart ?? start
        let tries = ModelTries(now: { [core] in core.now().microseconds })
        let result = await TraceContext.$current.withValue(context) {
            await ModelTries.$current.withValue(tries) { await streamed(request, turn) }
        }
        refused.note(result.failure, of: turn.state.provider.settings, at: core.now(), as: turn.state.scope)
        let spans = Span.tries(request, result, tries, by: turn.state, context, in: turn.trace.step, to: core.now())
        for span in spans { turn.trace.add(span) }
        return try result.get()
    }

    private func streamed(_ request: ModelRequest, _ turn: RunningTurn) async -> Result<ModelAnswer?, ProviderFailure> {
        do throws(ProviderFailure) {
            return .success(try await stream(request, turn))
        } catch {
            return .failure(error)
        }
    }

    /// Reads the answer as a stream even when no client receives deltas, so that the time to the first token is known.
    private func stream(_ request: ModelRequest, _ turn: RunningTurn) async throws(ProviderFailure) -> ModelAnswer? {
        var accumulator = ModelDeltaAccumulator()
        for try await delta in turn.state.provider.stream(request) {
            if turn.state.run.timeToFirstToken == nil {
                turn.state.run.timeToFirstToken = turn.startedAt.nanoseconds(to: core.now())
            }
            let kept = accumulator.add(delta)
            for action in kept.map({ turn.machine.receive(.modelDelta($0)) }) ?? [] {
                if case .emit(let event) = action {
                    control.emit(event)
                    turn.hasShownPieces = true
                }
            }
            if control.isCancelled { return nil }
            if accumulator.isFull {
                core.logger.warning("A model's answer exceeded a limit", metadata: ["run.id": "\(turn.state.run.id)"])
                break
            }
        }
        turn.times.modelEnd = core.now()
        return accumulator.answer
    }

    // MARK: Tools

    private func runTools(
        _ concurrent: [ToolRun], _ inOrder: [ToolRun], _ turn: RunningTurn
    ) async -> [StepAction] {
        var actions: [StepAction] = []
        let step = turn.trace.step
        let results = await withTaskGroup(of: (String, TracedResult).self) { group in
            for call in concurrent {
                let context = turn.toolContext(for: call)
                group.addTask { (call.callID, await traced(call, in: context, step)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for call in concurrent {
            if let result = results[call.callID] { actions += finished(call, result, turn) }
        }
        for call in inOrder {
            actions += finished(call, await traced(call, in: turn.toolContext(for: call), step), turn)
        }
        turn.times.toolsEnd = core.now()
        return actions
    }

    private struct TracedResult: Sendable {
        let result: ToolResult
        let span: Span
    }

    private func traced(_ call: ToolRun, in context: ToolContext?, _ step: TraceContext) async -> TracedResult {
        let (trace, start) = (step.child(), core.now())
        let own = await TraceContext.$current.withValue(trace) { await result(of: call, in: context) }
        return TracedResult(
            result: own, span: Span(call, own, trace, in: step.spanID, from: start, to: core.now()))
    }

    /// Never throws: an executor's error becomes a result that the model reads, so that the step is stored.
    private func result(of call: ToolRun, in context: ToolContext?) async -> ToolResult {
        if control.isCancelled { return Self.cancelled }
        guard let context, let entry = executors.entry(for: context.tool) else {
            return Self.failed("The tool \(call.tool) is not served yet by this server.")
        }
        do {
            return try await entry.executor.run(call, in: context)
        } catch let failure as ToolFailure {
            return ToolResult(ToolOutcome(failure, of: call.tool))
        } catch {
            if control.isCancelled { return Self.cancelled }
            core.logger.error(
                "A tool could not run",
                metadata: ["run.id": "\(control.run)", "tool": "\(call.tool)", "error": "\(error)"])
            return Self.failed("Error executing function \(call.tool): the server could not run it.")
        }
    }

    private static let cancelled = failed("The turn was cancelled.")

    private static func failed(_ text: String) -> ToolResult {
        ToolResult(ToolOutcome(.string(text), succeeded: false))
    }

    private func finished(_ call: ToolRun, _ traced: TracedResult, _ turn: RunningTurn) -> [StepAction] {
        let result = traced.result
        turn.trace.add(traced.span)
        let cancelling = control.isCancelled ? turn.machine.receive(.cancel) : []
        turn.add(result, of: call)
        return cancelling
            + turn.machine.receive(.toolFinished(callID: call.callID, result.outcome, at: core.now().microseconds))
    }

    // MARK: End

    private func persist(_ record: StepRecord, _ turn: RunningTurn) async throws -> [StepAction] {
        let time = core.now()
        if let end = record.end { turn.close(end, because: control.cancellationReason, at: time) }
        let result = turn.result(of: record, traceID: core.ids.next(), at: time)
        turn.state = try await writer.store(result, of: turn.state, at: time)
        if !result.passages.isEmpty { executors.passagesAreStored() }
        if turn.state.agent.embeddingConfig != nil {
            executors.messagesAreStored(by: turn.state.agent.id, as: turn.state.scope)
        }
        turn.hasStoredEnd = record.end != nil
        turn.fitting.hasStoredStep(record, of: turn.state, turn.lastRequest)
        // A result that the store replaced is shown as it was stored.
        let stored = turn.state.context.history.suffix(result.messages.count)
        let messages = record.messages.dropLast(stored.count) + stored
        return turn.machine.receive(
            .stepPersisted(next: identity(of: turn.state.run), messages: Array(messages)))
    }

    private func finish(_ end: TurnEnd, _ turn: RunningTurn) async {
        var end = end
        await leaveRoom(&end, turn)
        if end.stop.runStatus == "completed" {
            let runs = await startCompanions(turn.state)
            end.usage.runIDs = runs.isEmpty ? nil : runs
        }
        let time = core.now()
        turn.close(end, because: control.cancellationReason, at: time)
        turn.trace.failStep(end.failure, of: turn.state, at: time)
        turn.trace.end(end, of: turn.state, from: turn.startedAt, to: time)
        if !turn.hasStoredEnd {
            await ends.store(turn.state.run, spans: turn.trace.others.map { RunSpan($0) }, as: turn.state.scope)
            if core.servers?.isFenced == true {
                // Nobody cancelled it: whoever repeats the message is answered by another server.
                end.stop = .error
                end.failure = .fenced
            }
        }
        control.emit(end)
    }

    private func identity(of run: Run) -> StepIdentity {
        StepIdentity(of: run.id, ids: core.ids, at: core.now())
    }
}

extension StepIdentity {
    init(of run: ID<Run>, ids: IDSource, at time: Timestamp) {
        self.init(
            stepID: ids.next(Step.self).rawValue, runID: run.rawValue,
            assistantMessageID: ids.next(Message.self).rawValue, toolMessageID: ids.next(Message.self).rawValue,
            noticeMessageID: ids.next(Message.self).rawValue, startedAt: time.microseconds)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

extension ProviderFailure {
    /// Whether the model may succeed without tools.
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
