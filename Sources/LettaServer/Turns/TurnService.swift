import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Sends messages to agents: one turn of an agent at a time, in the order in which they arrive.
struct TurnService: Sendable {
    let core: Core
    let opener: TurnOpener
    let worker: TurnWorker
    let callbacks: RunCallbackService
    let turnLock: KeyedFIFOLock<ID<AgentState>>
    let ends: RunEnds
    let compactor: ContextCompactor

    /// The maximum number of queued messages per agent.
    static let queueLimit = 64

    static func queueIsFull(_ agent: ID<AgentState>) -> APIError {
        .unavailable("Agent \(agent) already has \(queueLimit) queued messages. Retry later.")
    }

    static let isStopping = APIError.unavailable("The server is stopping. Retry later.")

    /// Starts a turn and returns its control. The turn goes on without readers.
    private func start(
        _ request: TurnRequest, collector: TurnCollector? = nil, as scope: Scope
    ) async throws -> TurnControl {
        let config = try await opener.override(request.overrideModel, as: scope)
        let request = try await opener.images.read(request)
        try await turnLock.lock(request.agent, orElse: Self.queueIsFull(request.agent))
        let run = request.run(id: core.ids.next(), at: core.now())
        let control = TurnControl(
            run: run.id, agent: request.agent, organization: scope.organization, collector: collector)
        do {
            guard worker.register(control) else { throw Self.isStopping }
            let state = try await opener.open(request, run, isAccepted: false, config: config, as: scope)
            let runner = runner(control)
            let isStarted = worker.start(control) { [turnLock] in
                await runner.run(state)
                turnLock.unlock(request.agent)
            }
            guard isStarted else {
                await ends.store(state.run, .error, as: scope)
                throw Self.isStopping
            }
        } catch {
            worker.remove(control)
            turnLock.unlock(request.agent)
            throw error
        }
        return control
    }

    func runner(_ control: TurnControl) -> TurnRunner {
        TurnRunner(
            core: core, executors: opener.executors, control: control, ends: ends, compactor: compactor,
            startCompanions: CompanionTurns(core: core, turns: self).begin)
    }

    /// Sends messages and waits for the end of the turn.
    ///
    /// - Throws: `APIError` with the model's failure where there was one.
    func send(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> LettaResponse {
        let collector = TurnCollector(only: body.includeReturnMessageTypes)
        let control = try await start(try TurnRequest(body, to: agent), collector: collector, as: scope)
        await control.log.finished()
        try Task.checkCancellation()
        return try collector.response()
    }

    /// Starts a turn and returns its stream; the turn goes on without readers.
    func stream(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> RunFrames {
        var body = body
        body.streaming = true
        let request = try TurnRequest(body, to: agent, following: .stream)
        let filter = EventFilter(
            withPings: body.includePings ?? true,
            messageTypes: body.includeReturnMessageTypes.map { Set($0.map(\.rawValue)) })
        guard request.following == .backgroundStream else {
            let control = try await start(request, as: scope)
            return RunFrames(core: core, run: control.run, filter: filter, control: control, page: nil)
        }
        let control = try await accept(request, as: scope).control
        return RunFrames(
            core: core, run: control.run, filter: filter, control: control,
            page: RunFrames.pages(of: control.run, core, as: scope))
    }

    /// Cancels the running turns of an agent, or those named. Idempotent: runs that were cancelled before count as
    /// stopped.
    func cancel(_ agent: ID<AgentState>, _ body: CancelRuns?, as scope: Scope) async throws -> [String: String] {
        let exists = try await core.storage.read(as: scope) { db in try AgentStore.exists(agent, db) }
        guard exists else { throw APIError.notFound("Agent", agent) }
        let controls = worker.controls(of: agent, in: scope.organization).filter { control in
            // A turn that has ended may still be storing its last events.
            !control.log.isFinished && body?.runIDs?.contains(control.run.rawValue) ?? true
        }
        let named = Set(body?.runIDs ?? []).subtracting(controls.map(\.run.rawValue))
        let before = try await core.storage.read(as: scope) { [ends] db in
            try named.filter { id in
                guard let run = try RunStore.run(ID(id), db) else { return false }
                return run.agentID == agent && ends.current(run).status == .cancelled
            }
        }
        guard !controls.isEmpty || !before.isEmpty else {
            throw APIError.conflict("CONFLICT: No active runs to cancel for agent \(agent)")
        }
        worker.cancel(controls)
        let all = before.union(controls.map(\.run.rawValue))
        return Dictionary(uniqueKeysWithValues: all.map { ($0, "cancelled") })
    }
}
