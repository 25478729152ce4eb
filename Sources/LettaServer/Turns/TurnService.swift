import AgentEngine
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// Sends messages to agents: one turn of an agent at a time, in the order of their coming.
struct TurnService: Sendable {
    let core: Core
    let models: ModelService
    let worker: TurnWorker
    let python: PythonToolService
    let callbacks: RunCallbackService
    let turnstile: Turnstile<ID<AgentState>>
    let configs: DocumentCache<LLMConfig>
    let contexts: ContextCache

    static func lineIsFull(_ agent: ID<AgentState>) -> APIError {
        .unavailable("Too many messages wait for agent \(agent). Try again later.")
    }

    static let isAboutToStop = APIError.unavailable("The server is about to stop. Try again later.")

    /// How many senders may wait for one agent.
    static let longestLine = 64

    /// Begins a turn and returns what it can be followed by. The turn goes on when nobody does.
    func start(_ request: TurnRequest, as scope: Scope) async throws -> TurnControl {
        let config = try await override(request)
        try await turnstile.enter(request.agent, orElse: Self.lineIsFull(request.agent))
        let run = request.run(id: core.ids.next(), at: core.now())
        let control = TurnControl(run: run.id, agent: request.agent, organization: scope.organization)
        let opened: OpenedTurn
        do {
            opened = try await open(request, run, config: config, control, as: scope)
        } catch {
            turnstile.leave(request.agent)
            throw error
        }
        let isStarted = worker.start(control) { [turnstile] in
            await opened.runner.run(opened.state, plan: opened.plan)
            turnstile.leave(request.agent)
        }
        guard isStarted else {
            defer { turnstile.leave(request.agent) }
            try await closeAsFailed(opened.state.run, as: scope)
            throw Self.isAboutToStop
        }
        do {
            // The model is at work meanwhile; nothing is told to anybody before.
            try await opened.settle()
        } catch {
            worker.cancel([control])
            throw error
        }
        return control
    }

    /// Sends messages and waits for the end of the turn. The answer may be given when it is settled.
    ///
    /// - Throws: `APIError` with the model's failure where there was one.
    func send(
        _ body: SendMessages, to agent: ID<AgentState>, as scope: Scope
    ) async throws -> Provisional<LettaResponse> {
        let control = try await start(try TurnRequest(body, to: agent), as: scope)
        var collector = TurnCollector(only: body.includeReturnMessageTypes)
        let events = await control.log.whole()
        try Task.checkCancellation()
        for event in events { try collector.take(event) }
        return Provisional(value: collector.response, settle: control.settle)
    }

    /// Stops the running turns of an agent, or those of them that are named. Whoever repeats the call hears the same:
    /// runs that were cancelled before count as stopped.
    func cancel(_ agent: ID<AgentState>, _ body: CancelRuns?, as scope: Scope) async throws -> [String: String] {
        let exists = try await core.storage.read(as: scope) { db in try AgentStore.exists(agent, db) }
        guard exists else { throw APIError.notFound("Agent", agent) }
        let controls = worker.controls(of: agent, in: scope.organization).filter { control in
            // A turn that is over may still be storing its last events.
            !control.log.isFinished && body?.runIDs?.contains(control.run.rawValue) ?? true
        }
        let named = Set(body?.runIDs ?? []).subtracting(controls.map(\.run.rawValue))
        let before = try await core.storage.read(as: scope) { db in
            try named.filter { id in
                let run = try RunStore.run(ID(id), db)
                return run?.agentID == agent && run?.status == .cancelled
            }
        }
        guard !controls.isEmpty || !before.isEmpty else {
            throw APIError.conflict("CONFLICT: No active runs to cancel for agent \(agent)")
        }
        worker.cancel(controls)
        let all = before.union(controls.map(\.run.rawValue))
        return Dictionary(uniqueKeysWithValues: all.map { ($0, "cancelled") })
    }

    func override(_ request: TurnRequest) async throws -> LLMConfig? {
        guard let handle = request.overrideModel else { return nil }
        return try await models.languageModel(handle)
    }
}

/// Makes the answer of a turn out of its events.
struct TurnCollector {
    private let wanted: Set<String>?
    private(set) var response = LettaResponse(messages: [], stopReason: .init(.endTurn), usage: UsageEvent())

    init(only types: [LettaMessageType]?) {
        wanted = types.map { Set($0.map(\.rawValue)) }
    }

    mutating func take(_ event: TurnEvent) throws {
        switch event {
        case .ping:
            break
        case .message(let message):
            if wanted?.contains(message.messageType) ?? true { response.messages.append(LettaMessage(message)) }
        case .stopReason(let stop):
            response.stopReason = StopReasonEvent(StopReason(rawValue: stop.rawValue) ?? .error)
        case .usage(let usage):
            response.usage = UsageEvent(usage)
        case .failure(let failure, _):
            throw APIError(
                status: failure.status,
                body: .model(type: failure.type, message: failure.message, detail: failure.detail))
        }
    }
}

extension UsageEvent {
    init(_ usage: TurnUsage) {
        self.init()
        let hasSteps = usage.stepCount > 0
        completionTokens = usage.completionTokens
        promptTokens = usage.promptTokens
        totalTokens = usage.totalTokens
        stepCount = usage.stepCount
        cachedInputTokens = hasSteps ? usage.cachedPromptTokens : nil
        cacheWriteTokens = hasSteps ? 0 : nil
        reasoningTokens = hasSteps ? usage.reasoningTokens : nil
        contextTokens = usage.contextTokens
    }
}
