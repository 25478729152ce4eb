import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Turns that are accepted at once and carried out when those before them are over.
extension TurnService {
    /// How long the events of a background run can be read, from its beginning.
    static let eventLife: Int64 = 24 * 3_600 * 1_000_000

    /// Begins a turn and returns it as a stream; the turn goes on when nobody reads.
    func stream(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> TurnFrames {
        var body = body
        body.streaming = true
        let request = try TurnRequest(body, to: agent, following: .stream)
        let control: TurnControl
        if request.following == .backgroundStream {
            control = try await accept(request, as: scope).control
        } else {
            control = try await start(request, as: scope)
        }
        let filter = EventFilter(
            withPings: body.includePings ?? true,
            messageTypes: body.includeReturnMessageTypes.map { Set($0.map(\.rawValue)) })
        return TurnFrames(control: control, filter: filter, now: core.now, clock: core.clock, ids: core.ids)
    }

    /// Stores a run that will begin in its turn, and returns it with what it can be followed by.
    func accept(_ request: TurnRequest, as scope: Scope) async throws -> (run: Run, control: TurnControl) {
        let config = try await override(request)
        guard let place = turnstile.takePlace(in: request.agent) else { throw Self.lineIsFull(request.agent) }
        let run = request.run(id: core.ids.next(), at: core.now())
        do {
            try await insert(run, as: scope)
        } catch {
            turnstile.giveUp(place)
            throw error
        }
        let control = TurnControl(
            run: run.id, agent: request.agent, organization: scope.organization, isBackground: true)
        control.log.append(
            .ping(
                id: "ping-\(core.ids.uuid())", runID: run.id.rawValue, at: run.createdAt.microseconds, sequence: nil))
        let isStarted = worker.start(control) {
            await carryOut(request, run, at: place, config: config, control, as: scope)
        }
        guard isStarted else {
            turnstile.giveUp(place)
            try await close(run, .error, as: scope)
            throw Self.isAboutToStop
        }
        return (run, control)
    }

    private func insert(_ run: Run, as scope: Scope) async throws {
        let oldest = Timestamp(microseconds: run.createdAt.microseconds - Self.eventLife)
        try await core.storage.write(as: scope, quietly: true) { db in
            guard try AgentStore.exists(run.agentID, db) else {
                throw APIError.notFound("Agent", run.agentID)
            }
            try RunStore.insert(run, db)
            try RunEventStore.delete(before: oldest, db)
        }
    }

    /// Runs the turn and stores its events beside it; returns when all of it is stored.
    private func carryOut(
        _ request: TurnRequest, _ run: Run, at place: Turnstile<ID<AgentState>>.Place, config: LLMConfig?,
        _ control: TurnControl, as scope: Scope
    ) async {
        let writer = RunEventWriter(core: core, control: control, scope: scope)
        // Who cancels the turn wants its end to be stored all the same.
        async let stored: Void = finished { await writer.write() }
        await wait(request, run, at: place, config: config, control, as: scope)
        await stored
        guard let url = run.callbackURL else { return }
        let isStarted = worker.startFollowUp {
            do {
                try await control.settle()
                await callbacks.announce(run.id, to: url, as: scope)
            } catch {
                await callbacks.giveUp(run.id, because: RunCallbackService.notKept, as: scope)
            }
        }
        if !isStarted { await callbacks.giveUp(run.id, as: scope) }
    }

    private func finished(_ work: @escaping @Sendable () async -> Void) async {
        do { try await shieldedFromCancellation(work) } catch {
            core.logger.error("The events of a run were not stored", metadata: ["error": "\(error)"])
        }
    }

    /// Waits for the agent and runs the turn. The log is closed in any case.
    private func wait(
        _ request: TurnRequest, _ run: Run, at place: Turnstile<ID<AgentState>>.Place, config: LLMConfig?,
        _ control: TurnControl, as scope: Scope
    ) async {
        do {
            try await turnstile.enter(place)
            defer { turnstile.leave(request.agent) }
            let opened = try await open(request, run, isAccepted: true, config: config, control, as: scope)
            try await opened.settle()
            await opened.runner.run(opened.state, plan: opened.plan)
        } catch {
            await abandon(run, control, because: error, as: scope)
        }
    }

    /// Ends a run that could not begin.
    private func abandon(
        _ run: Run, _ control: TurnControl, because error: any Error, as scope: Scope
    ) async {
        var end = TurnEnd(stop: control.isCancelled ? .cancelled : .error, usage: TurnUsage())
        if !control.isCancelled {
            core.logger.error("A run could not begin", metadata: ["run.id": "\(run.id)", "error": "\(error)"])
            end.failure = TurnFailure(
                type: "internal_error", message: "The run could not begin.",
                detail: (error as? APIError)?.explanation ?? "The server could not go on with it.", status: 500)
        }
        do {
            try await close(run, end.stop, as: scope)
        } catch {
            core.logger.error(
                "The end of a run could not be stored", metadata: ["run.id": "\(run.id)", "error": "\(error)"])
        }
        for event in end.events(runID: run.id.rawValue) { control.log.append(event) }
        control.log.finish()
    }

    private func close(_ run: Run, _ stop: TurnStop, as scope: Scope) async throws {
        var closed = run
        closed.completedAt = core.now()
        closed.status = RunStatus(rawValue: stop.runStatus) ?? .failed
        closed.stopReason = StopReason(rawValue: stop.rawValue)
        let store = TurnStore(core: core)
        try await shieldedFromCancellation { [closed] in
            try await store.close(closed, of: closed.agentID, at: core.now(), as: scope)
        }
    }
}
