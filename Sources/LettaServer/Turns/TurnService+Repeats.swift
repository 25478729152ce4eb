import AgentEngine
import JSON
import LettaAPI
import Storage

/// What becomes of a send.
enum SendOutcome: Sendable {
    case started(TurnControl, Run)
    /// An earlier attempt of the same send is at work.
    case joined(TurnControl)
    /// An earlier attempt came to an end.
    case over(Run)
}

/// Sends that clients repeat: the model is shown their messages once.
extension TurnService {
    /// How long after the end of a run the same messages from a client that counts its retries are a repeat. Clients wait
    /// up to 8 seconds before they retry.
    private static let retryWindow: Int64 = 30 * 1_000_000
    /// How often the run of another server is looked at.
    private static let pauseElsewhere = Duration.milliseconds(200)

    func request(
        _ body: SendMessages, to thread: ConversationThread, following: TurnRequest.Following, _ attempt: SendAttempt,
        with settings: TurnSettings, as scope: Scope
    ) async throws -> TurnRequest {
        var request: TurnRequest
        switch thread {
        case .agent(let agent):
            request = try TurnRequest(body, to: agent, following: following)
        case .conversation(let id):
            let row = try await core.storage.read(as: scope) { db in try ConversationService.row(id, db) }
            request = try TurnRequest(body, to: row.agentID, following: following)
            request.conversation = id
            request.overrideModel = request.overrideModel ?? row.model
        }
        request.settings = settings
        request.keys = try SendKeys(request, attempt)
        return request
    }

    /// Enters a send among those at work. ``leave(_:_:)`` follows when it can't start.
    ///
    /// - Parameter request: gets the failed run that it continues.
    /// - Returns: an earlier attempt that makes this one needless; nil when this one is to start.
    func enter(
        _ control: TurnControl, _ request: inout TurnRequest, as scope: Scope
    ) async throws -> SendOutcome? {
        let keys = request.keys
        if let first = sends.enter(control, keys) { return .joined(first) }
        guard !keys.known.isEmpty else { return nil }
        let now = core.now()
        do {
            let oldest = Timestamp(microseconds: now.microseconds - Self.eventRetention)
            let found = try await core.storage.read(as: scope) { db in
                try SendKeyStore.run(of: keys.known, of: control.agent, after: oldest, db)
            }
            guard let run = found.map(ends.current) else { return nil }
            request.earlierRun = run.id
            if keys.exact.isEmpty, let end = run.completedAt, now.microseconds - end.microseconds > Self.retryWindow {
                return nil
            }
            let isOver = run.status == .completed || run.status == .cancelled
            let end = isOver ? run : try await elsewhere(run, following: request.following, as: scope)
            guard let end else {
                request.failedRun = run.id
                return nil
            }
            leave(control, request)
            return .over(end)
        } catch {
            leave(control, request)
            throw error
        }
    }

    /// A run that another server has at work. A client that follows the send itself waits here for its end.
    ///
    /// - Returns: nil for a run that nobody has, or that has failed.
    private func elsewhere(
        _ run: Run, following: TurnRequest.Following, as scope: Scope
    ) async throws -> Run? {
        guard let server = core.servers?.id else { return nil }
        while true {
            let (current, isElsewhere) = try await core.storage.read(as: scope) { db in
                (try RunStore.run(run.id, db), try ServerStore.hasAnother(run.id, than: server, db))
            }
            if let current, current.status == .completed || current.status == .cancelled { return current }
            guard isElsewhere, let current else { return nil }
            if following == .later || following == .backgroundStream { return current }
            try await core.clock.sleep(for: Self.pauseElsewhere)
        }
    }

    /// Lets those who joined a send that could not start try it themselves.
    func leave(_ control: TurnControl, _ request: TurnRequest) {
        sends.leave(control, request.keys)
        control.log.finish()
    }

    func storedRun(_ id: ID<Run>, as scope: Scope) async throws -> Run? {
        try await core.storage.read(as: scope) { db in try RunStore.run(id, db) }.map(ends.current)
    }

    /// The response of a run that has ended, from what it stored.
    func response(
        of run: Run, only types: [LettaMessageType]?, as scope: Scope
    ) async throws -> LettaResponse {
        guard run.status != .failed else {
            throw APIError(500, "Run \(run.id), which an earlier attempt of this request started, failed. Retry.")
        }
        let (rows, steps) = try await core.storage.read(as: scope) { db in
            (try MessageListStore.rows(of: run.id, db), try StepStore.rows(of: run.id, db).map(\.step))
        }
        // Messages without an otid are the server's own.
        let own = rows.filter { $0.role != .system && !($0.role == .user && $0.otid != nil) }
        let wanted = types.map { Set($0.map(\.rawValue)) }
        let entries = try own.flatMap { WireMessage.entries(of: try $0.turnMessage(), for: .answer) }
        return LettaResponse(
            messages: entries.filter { wanted?.contains($0.messageType) ?? true }.map { LettaMessage($0) },
            stopReason: StopReasonEvent(run.stopReason ?? .endTurn), usage: UsageEvent(of: steps))
    }

    /// The stream of a run that has ended.
    func replay(_ run: Run, _ filter: EventFilter, as scope: Scope) async throws -> RunFrames {
        if run.background {
            // A turn that has told its end may still be storing its last events.
            var frames = RunFrames(
                core: core, run: run.id, filter: filter, control: worker.control(of: run.id, in: scope.organization),
                page: RunFrames.pages(of: run.id, core, as: scope))
            try await frames.followElsewhere(run, as: scope)
            return frames
        }
        let response = try await response(of: run, only: nil, as: scope)
        let ping = TurnEvent.ping(
            id: "ping-\(core.ids.uuid())", runID: run.id.rawValue, at: core.now().microseconds, sequence: nil)
        var events = [RunEvent(ping, at: 1, isNumbered: false)]
        for message in response.messages {
            let type = try message.fields()["message_type"]?.string ?? ""
            events.append(RunEvent(sequence: events.count + 1, type: type, json: message.json.text))
        }
        events.append(
            RunEvent(
                sequence: events.count + 1, type: "stop_reason", json: JSONWriter.string(of: response.stopReason)))
        events.append(
            RunEvent(
                sequence: events.count + 1, type: "usage_statistics", json: JSONWriter.string(of: response.usage)))
        return RunFrames(core: core, run: run.id, filter: filter, control: nil) { [events] after in
            Array(events.dropFirst(after))
        }
    }
}

extension UsageEvent {
    /// The usage of a run's steps.
    fileprivate init(of steps: [Step]) {
        self.init()
        stepCount = steps.count
        for step in steps {
            completionTokens += step.completionTokens
            promptTokens += step.promptTokens
            totalTokens += step.promptTokens + step.completionTokens
            cachedInputTokens = (cachedInputTokens ?? 0) + (step.cachedInputTokens ?? 0)
            cacheWriteTokens = (cacheWriteTokens ?? 0) + (step.cacheWriteTokens ?? 0)
            reasoningTokens = (reasoningTokens ?? 0) + (step.reasoningTokens ?? 0)
        }
        contextTokens = steps.last.map { $0.promptTokens + $0.completionTokens }
    }
}
