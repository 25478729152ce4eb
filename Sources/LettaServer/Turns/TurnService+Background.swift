import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Turns that are accepted at once and run when those before them have ended.
extension TurnService {
    /// How long the events of a background run can be read, from its creation.
    static let eventRetention: Int64 = 24 * 3_600 * 1_000_000

    /// Stores a run that starts when its agent is free, unless an earlier attempt of the send has started or ended one.
    ///
    /// - Parameters:
    ///   - relay: gets each event as it happens.
    ///   - note: writes in the transaction that stores the run.
    func accept(
        _ sent: TurnRequest, as scope: Scope, relaying relay: (@Sendable (TurnEvent) -> Void)? = nil,
        noting note: @escaping @Sendable (Run, Transaction) throws -> Void = { _, _ in }
    ) async throws -> SendOutcome {
        let config = try await opener.override(sent.overrideModel, as: scope)
        var request = try await opener.images.read(sent)
        let control = TurnControl(
            run: core.ids.next(), agent: request.agent, conversation: request.conversation,
            organization: scope.organization, isBackground: true, relay: relay)
        if let earlier = try await enter(control, &request, as: scope) { return earlier }
        let place: TurnPlace
        do {
            place = try self.place(for: request, control, as: scope)
        } catch {
            leave(control, request)
            throw error
        }
        let run = request.run(id: control.run, at: core.now())
        control.emit(
            .ping(
                id: "ping-\(core.ids.uuid())", runID: run.id.rawValue, at: run.createdAt.microseconds, sequence: nil))
        do {
            // Before the run is visible, so that whoever sees it can follow it.
            guard worker.register(control) else { throw Self.isStopping }
            try await core.storage.write(as: scope) { [core, request] db in
                guard let agent = try AgentStore.rowForUpdate(run.agentID, db) else {
                    throw APIError.notFound("Agent", run.agentID)
                }
                if core.servers != nil { try SendKeyStore.refuseRepeats(of: request, at: run.createdAt, db) }
                _ = try TurnMemory(for: request, project: agent.origin.projectID, db)
                try RunStore.insert(run, db)
                try SendKeyStore.put(request.keys.all, of: agent.id, run: run.id, at: run.createdAt, db)
                try note(run, db)
            }
            core.changes.tell(run, as: scope)
            let isStarted = worker.start(control) { [request] in
                await carryOut(request, run, place, config: config, control, as: scope)
            }
            guard isStarted else {
                await ends.store(run, .error, as: scope)
                throw Self.isStopping
            }
        } catch {
            worker.remove(control)
            place.abandon()
            leave(control, request)
            if error is RepeatedSend { return try await accept(sent, as: scope, relaying: relay, noting: note) }
            if let failure = error as? SQLFailure, failure.kind == .outcomeUnknown {
                await ends.store(run, .error, as: scope)
            }
            throw error
        }
        return .started(control, run)
    }

    /// Stores a run of a turn that no client asked for, so that it repeats no other.
    ///
    /// - Parameters: those of ``accept(_:as:relaying:noting:)``.
    func acceptOwn(
        _ request: TurnRequest, as scope: Scope, relaying relay: (@Sendable (TurnEvent) -> Void)? = nil,
        noting note: @escaping @Sendable (Run, Transaction) throws -> Void = { _, _ in }
    ) async throws -> (run: Run, control: TurnControl) {
        var request = request
        request.keys = SendKeys()
        guard
            case .started(let control, let run) = try await accept(
                request, as: scope, relaying: relay, noting: note)
        else { throw APIError.conflict("Another turn with the same key runs. Retry.") }
        return (run, control)
    }

    /// Runs the turn and stores its events concurrently; returns when all of them are stored.
    private func carryOut(
        _ request: TurnRequest, _ run: Run, _ place: TurnPlace, config: LLMConfig?, _ control: TurnControl,
        as scope: Scope
    ) async {
        let events = RunEventWriter(core: core, control: control, scope: scope, ends: ends)
        // Also stores the last events of a cancelled turn.
        async let stored: Void = shieldedFromCancellation { await events.write() }
        do {
            try await place.wait()
            do {
                let state = try await opener.open(request, run, isAccepted: true, config: config, as: scope)
                await runner(control).run(state)
            } catch {
                // A run that can't start is ended before the next one starts.
                await abandon(run, control, because: error, as: scope)
            }
            await place.leave()
        } catch {
            await abandon(run, control, because: error, as: scope)
        }
        sends.leave(control, request.keys)
        await stored
        if run.callbackURL != nil { await callbacks.announce(run.id, as: scope) }
    }

    /// Ends a run that could not start.
    private func abandon(_ run: Run, _ control: TurnControl, because error: any Error, as scope: Scope) async {
        let reached = (error as? APIError)?.underlying as? ReachedLimit
        var end = TurnEnd(
            stop: control.isCancelled ? .cancelled : reached == nil ? .error : .insufficientCredits, usage: TurnUsage())
        if let reached, !control.isCancelled {
            end.failure = reached.failure
        } else if !control.isCancelled {
            core.logger.error("A run could not start", metadata: ["run.id": "\(run.id)", "error": "\(error)"])
            end.failure =
                TurnFailure(refusal: error)
                ?? TurnFailure(
                    type: "internal_error", message: "The run could not start.",
                    detail: (error as? APIError)?.explanation ?? "The server could not open its turn.", status: 500)
        }
        var run = run
        let failure = reached?.failure ?? TurnFailure(refusal: error)
        if let reason = control.cancellationReason ?? failure?.detail { run.explain(reason) }
        await ends.store(run, end.stop, as: scope)
        control.emit(end)
        control.log.finish()
    }
}
