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
    let line: AgentLine
    let ends: RunEnds
    let compactor: ContextCompactor
    let conversations = ConversationTurns()
    let sends = SendsAtWork()

    /// The maximum number of queued messages per agent.
    static let queueLimit = 64

    static func queueIsFull(_ agent: ID<AgentState>) -> APIError {
        .unavailable("Agent \(agent) already has \(queueLimit) queued messages. Retry later.")
    }

    static let isStopping = APIError.unavailable("The server is stopping. Retry later.")

    /// Starts a turn, which goes on without readers, unless an earlier attempt of the send has started or ended one.
    func start(
        _ sent: TurnRequest, collector: TurnCollector? = nil, as scope: Scope
    ) async throws -> SendOutcome {
        let config = try await opener.override(sent.overrideModel, as: scope)
        var request = try await opener.images.read(sent)
        let control = TurnControl(
            run: core.ids.next(), agent: request.agent, conversation: request.conversation,
            organization: scope.organization, collector: collector)
        if let earlier = try await enter(control, &request, as: scope) { return earlier }
        let run: Run
        do {
            let place = try place(for: request, control, as: scope)
            try await place.wait()
            run = request.run(id: control.run, at: core.now())
            do {
                try await begin(request, run, control, place, config: config, as: scope)
            } catch {
                worker.remove(control)
                await place.leave()
                throw error
            }
        } catch is RepeatedSend {
            leave(control, request)
            return try await start(sent, collector: collector, as: scope)
        } catch {
            let isShown = request.following == .stream && control.emit(refusal: error)
            leave(control, request)
            if isShown { return .started(control, request.run(id: control.run, at: core.now())) }
            throw error
        }
        return .started(control, run)
    }

    private func begin(
        _ request: TurnRequest, _ run: Run, _ control: TurnControl, _ place: TurnPlace, config: LLMConfig?,
        as scope: Scope
    ) async throws {
        guard worker.register(control) else { throw Self.isStopping }
        let state = try await opener.open(request, run, isAccepted: false, config: config, as: scope)
        let runner = runner(control)
        let isStarted = worker.start(control) { [sends] in
            await runner.run(state)
            await place.leave()
            sends.leave(control, request.keys)
        }
        guard isStarted else {
            await ends.store(state.run, .error, as: scope)
            throw Self.isStopping
        }
    }

    /// A place in the line of the agent, or the turn of the conversation.
    func place(for request: TurnRequest, _ control: TurnControl, as scope: Scope) throws -> TurnPlace {
        let kind: TurnPlace.Kind
        if let conversation = request.conversation {
            try conversations.begin(control, in: conversation)
            kind = .conversation(conversations, control, conversation)
        } else {
            guard let ticket = line.lock.reserve(request.agent) else { throw Self.queueIsFull(request.agent) }
            kind = .line(line.lock, ticket)
        }
        return TurnPlace(kind: kind, claims: line.claims, run: control.run, scope: scope)
    }

    func runner(_ control: TurnControl) -> TurnRunner {
        TurnRunner(
            core: core, executors: opener.executors, control: control, ends: ends, compactor: compactor,
            usage: opener.usage, refused: opener.refused, exporter: opener.exporter,
            startCompanions: CompanionTurns(core: core, turns: self).begin)
    }

    /// Sends messages and waits for the end of the turn.
    ///
    /// - Throws: `APIError` with the model's failure where there was one.
    func send(
        _ body: SendMessages, to thread: ConversationThread, _ attempt: SendAttempt = SendAttempt(),
        with settings: TurnSettings = TurnSettings(), as scope: Scope
    ) async throws -> LettaResponse {
        let request = try await request(body, to: thread, following: .answer, attempt, with: settings, as: scope)
        let collector = TurnCollector(only: body.includeReturnMessageTypes)
        while true {
            switch try await start(request, collector: collector, as: scope) {
            case .started(let control, _):
                await control.log.finished()
                try Task.checkCancellation()
                return try collector.response()
            case .joined(let control):
                await control.log.finished()
                try Task.checkCancellation()
                // The first attempt may not have come to a run.
                guard let run = try await storedRun(control.run, as: scope) else { continue }
                if let collector = control.collector { return try collector.response() }
                return try await response(of: run, only: body.includeReturnMessageTypes, as: scope)
            case .over(let run):
                return try await response(of: run, only: body.includeReturnMessageTypes, as: scope)
            }
        }
    }

    func send(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> LettaResponse {
        try await send(body, to: .agent(agent), as: scope)
    }

    /// Starts a turn and returns its stream; the turn goes on without readers.
    func stream(
        _ body: SendMessages, to thread: ConversationThread, _ attempt: SendAttempt = SendAttempt(),
        with settings: TurnSettings = TurnSettings(), as scope: Scope
    ) async throws -> RunFrames {
        var body = body
        body.streaming = true
        let request = try await request(body, to: thread, following: .stream, attempt, with: settings, as: scope)
        let filter = EventFilter(
            withPings: body.includePings ?? true,
            messageTypes: body.includeReturnMessageTypes.map { Set($0.map(\.rawValue)) })
        while true {
            let isBackground = request.following == .backgroundStream
            switch isBackground ? try await accept(request, as: scope) : try await start(request, as: scope) {
            case .started(let control, _):
                return frames(of: control, filter, as: scope)
            case .joined(let control):
                if control.collector == nil { return frames(of: control, filter, as: scope) }
                await control.log.finished()
                try Task.checkCancellation()
                guard let run = try await storedRun(control.run, as: scope) else { continue }
                return try await replay(run, filter, as: scope)
            case .over(let run):
                return try await replay(run, filter, as: scope)
            }
        }
    }

    func stream(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> RunFrames {
        try await stream(body, to: .agent(agent), as: scope)
    }

    private func frames(of control: TurnControl, _ filter: EventFilter, as scope: Scope) -> RunFrames {
        RunFrames(
            core: core, run: control.run, filter: filter, control: control,
            page: control.isBackground ? RunFrames.pages(of: control.run, core, as: scope) : nil)
    }

    /// Starts a turn that nobody waits for, and returns its run.
    func sendLater(
        _ body: SendMessages, to thread: ConversationThread, _ attempt: SendAttempt = SendAttempt(),
        with settings: TurnSettings = TurnSettings(), as scope: Scope
    ) async throws -> Run {
        let request = try await request(body, to: thread, following: .later, attempt, with: settings, as: scope)
        switch try await accept(request, as: scope) {
        case .started(_, let run), .over(let run):
            return run
        case .joined(let control):
            guard let run = try await storedRun(control.run, as: scope) else {
                throw APIError.conflict("An earlier attempt of this send is about to start. Retry.")
            }
            return run
        }
    }

    /// Cancels the running turns of an agent, or those named. Idempotent: runs that were cancelled before count as
    /// stopped.
    ///
    /// - Parameter ownThread: whether only turns of the agent's own conversation are meant.
    func cancel(
        _ agent: ID<AgentState>, _ body: CancelRuns?, ownThread: Bool = false, as scope: Scope
    ) async throws -> [String: String] {
        let exists = try await core.storage.read(as: scope) { db in try AgentStore.exists(agent, db) }
        guard exists else { throw APIError.notFound("Agent", agent) }
        let controls = worker.controls(of: agent, in: scope.organization).filter { control in
            // A turn that has ended may still be storing its last events.
            !control.log.isFinished && !(ownThread && control.conversation != nil)
                && body?.runIDs?.contains(control.run.rawValue) ?? true
        }
        let named = Set(body?.runIDs ?? []).subtracting(controls.map(\.run.rawValue))
        let before = try await core.storage.read(as: scope) { [ends] db in
            try named.filter { id in
                guard let run = try RunStore.run(ID(id), db) else { return false }
                return run.agentID == agent && ends.current(run).status == .cancelled
            }
        }
        worker.cancel(controls)
        let elsewhere = try await cancelElsewhere(
            agent, ownThread: ownThread, only: body?.runIDs, besides: controls, as: scope)
        let all = before.union(controls.map(\.run.rawValue)).union(elsewhere)
        guard !all.isEmpty else {
            throw APIError.conflict("CONFLICT: No active runs to cancel for agent \(agent)")
        }
        return Dictionary(uniqueKeysWithValues: all.map { ($0, "cancelled") })
    }

    /// Cancels the running turn of a conversation.
    func cancel(
        _ conversation: ID<Conversation>, of agent: ID<AgentState>, as scope: Scope
    ) async throws -> [String: String] {
        let controls = worker.controls(of: agent, in: scope.organization).filter { control in
            !control.log.isFinished && control.conversation == conversation
        }
        worker.cancel(controls)
        let elsewhere = try await cancelElsewhere(agent, in: conversation, besides: controls, as: scope)
        let all = elsewhere.union(controls.map(\.run.rawValue))
        guard !all.isEmpty else {
            throw APIError.conflict("CONFLICT: No active runs to cancel for conversation \(conversation)")
        }
        return Dictionary(uniqueKeysWithValues: all.map { ($0, "cancelled") })
    }

    /// Asks other servers to cancel what they run for the agent.
    private func cancelElsewhere(
        _ agent: ID<AgentState>, in conversation: ID<Conversation>? = nil, ownThread: Bool = false,
        only runs: [String]? = nil, besides own: [TurnControl], as scope: Scope
    ) async throws -> Set<String> {
        guard core.servers != nil else { return [] }
        let time = core.now()
        let asked = try await core.storage.write(as: scope) { db in
            try ServerStore.requestCancel(
                of: agent, in: conversation, ownThread: ownThread, only: runs, at: time, db)
        }
        return Set(asked.map(\.rawValue)).subtracting(own.map(\.run.rawValue))
    }
}
