import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Turns that are accepted at once and run when those before them have ended.
extension TurnService {
    /// How long the events of a background run can be read, from its creation.
    static let eventRetention: Int64 = 24 * 3_600 * 1_000_000

    /// Stores a run that starts when its agent is free, and returns it with its control.
    ///
    /// - Parameters:
    ///   - relay: gets each event as it happens.
    ///   - note: writes in the transaction that stores the run.
    func accept(
        _ request: TurnRequest, as scope: Scope, relaying relay: (@Sendable (TurnEvent) -> Void)? = nil,
        noting note: @escaping @Sendable (Run, Transaction) throws -> Void = { _, _ in }
    ) async throws -> (run: Run, control: TurnControl) {
        let config = try await opener.override(request.overrideModel, as: scope)
        let request = try await opener.images.read(request)
        guard let ticket = turnLock.reserve(request.agent) else { throw Self.queueIsFull(request.agent) }
        let run = request.run(id: core.ids.next(), at: core.now())
        let control = TurnControl(
            run: run.id, agent: request.agent, organization: scope.organization, isBackground: true,
            relay: relay)
        control.emit(
            .ping(
                id: "ping-\(core.ids.uuid())", runID: run.id.rawValue, at: run.createdAt.microseconds, sequence: nil))
        do {
            // Before the run is visible, so that whoever sees it can follow it.
            guard worker.register(control) else { throw Self.isStopping }
            try await core.storage.write(as: scope) { db in
                guard try AgentStore.exists(run.agentID, db) else { throw APIError.notFound("Agent", run.agentID) }
                try RunStore.insert(run, db)
                try note(run, db)
            }
            let isStarted = worker.start(control) {
                await carryOut(request, run, ticket, config: config, control, as: scope)
            }
            guard isStarted else {
                await ends.store(run, .error, as: scope)
                throw Self.isStopping
            }
        } catch {
            worker.remove(control)
            turnLock.abandon(ticket)
            control.log.finish()
            if let failure = error as? SQLFailure, failure.kind == .outcomeUnknown {
                await ends.store(run, .error, as: scope)
            }
            throw error
        }
        return (run, control)
    }

    /// Runs the turn and stores its events concurrently; returns when all of them are stored.
    private func carryOut(
        _ request: TurnRequest, _ run: Run, _ ticket: KeyedFIFOLock<ID<AgentState>>.Ticket, config: LLMConfig?,
        _ control: TurnControl, as scope: Scope
    ) async {
        let events = RunEventWriter(core: core, control: control, scope: scope, ends: ends)
        // Also stores the last events of a cancelled turn.
        async let stored: Void = shieldedFromCancellation { await events.write() }
        do {
            try await turnLock.lock(ticket)
            // A run that can't start is ended before the next one starts.
            defer { turnLock.unlock(request.agent) }
            do {
                let state = try await opener.open(request, run, isAccepted: true, config: config, as: scope)
                await runner(control).run(state)
            } catch {
                await abandon(run, control, because: error, as: scope)
            }
        } catch {
            await abandon(run, control, because: error, as: scope)
        }
        await stored
        if run.callbackURL != nil { await callbacks.announce(run.id, as: scope) }
    }

    /// Ends a run that could not start.
    private func abandon(_ run: Run, _ control: TurnControl, because error: any Error, as scope: Scope) async {
        var end = TurnEnd(stop: control.isCancelled ? .cancelled : .error, usage: TurnUsage())
        if !control.isCancelled {
            core.logger.error("A run could not start", metadata: ["run.id": "\(run.id)", "error": "\(error)"])
            end.failure = TurnFailure(
                type: "internal_error", message: "The run could not start.",
                detail: (error as? APIError)?.explanation ?? "The server could not open its turn.", status: 500)
        }
        await ends.store(run, end.stop, as: scope)
        control.emit(end)
        control.log.finish()
    }
}
