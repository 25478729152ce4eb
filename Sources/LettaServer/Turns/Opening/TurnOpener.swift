import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import Storage

/// Opens turns: stores the client's messages with the run, and reads what the turn works on.
struct TurnOpener: Sendable {
    let core: Core
    let models: ModelService
    let executors: ToolExecutors
    let ends: RunEnds
    let images: ImageReader
    let recall: SmallModelRecall
    let usage: UsageMeter
    let refused: RefusedCalls
    /// Where the spans of turns are sent; nil for nowhere.
    let exporter: SpanExporter?
    var approvals = ApprovalPolicy()

    /// The model that the request names; nil for the agent's own. May wait for providers, so call it before taking the
    /// lock.
    func override(_ handle: String?, as scope: Scope) async throws -> LLMConfig? {
        guard let handle else { return nil }
        return try await models.languageModel(handle, as: scope)
    }

    /// Stores the messages and the run in one transaction, with results for calls that an interrupted turn left open.
    ///
    /// - Parameters:
    ///   - isAccepted: whether the run is stored already. In that case the caller ends it when this throws.
    ///   - config: the model of this turn; nil for the agent's own.
    /// - Throws: ``RepeatedSend`` when another server has the same send.
    func open(
        _ request: TurnRequest, _ run: Run, isAccepted: Bool, config: LLMConfig?, as scope: Scope
    ) async throws -> TurnState {
        let time = core.now()
        var run = run
        run.status = .running
        let rows: TurnRows
        do {
            rows = try await core.storage.write(as: scope) { [core, run] db in
                guard let agent = try AgentStore.rowForUpdate(request.agent, db) else {
                    throw APIError.notFound("Agent", request.agent)
                }
                if !isAccepted, core.servers != nil { try SendKeyStore.refuseRepeats(of: request, at: time, db) }
                let conversation = try request.conversation.map {
                    try ConversationService.row($0, locking: true, db)
                }
                let memory = try TurnMemory(for: request, project: agent.origin.projectID, db)
                try memory.resolveSystemMessage(at: time, db)
                var rows = try TurnRows(of: agent, in: conversation, memory, db)
                rows.system = try memory.ownSystemMessage(db)
                try begin(request, run, &rows, at: time, db)
                if rows.beginning.isTurn {
                    let subject = UsageSubject(agent: agent.id, identity: memory.identity?.id, key: scope.key)
                    try usage.begin(subject, model: config?.handle ?? agent.model ?? "", at: time, db)
                }
                try SendKeyStore.put(request.keys.all, of: agent.id, run: run.id, at: time, db)
                if isAccepted { try RunStore.update(run, at: time, db) } else { try RunStore.insert(run, db) }
                try TurnStore.append(rows.new, to: request.agent, in: request.conversation, model: nil, db)
                return rows
            }
        } catch let failure as SQLFailure where failure.kind == .outcomeUnknown {
            await ends.store(run, .error, as: scope)
            throw failure
        }
        core.changes.tell(run, as: scope)
        do {
            return try await state(rows, request, run, config: config, as: scope)
        } catch {
            if !isAccepted { await ends.store(run, .error, as: scope) }
            throw error
        }
    }

    /// The result of ``open(_:_:isAccepted:config:as:)``, without storing anything.
    func preview(
        _ request: TurnRequest, _ run: Run, in conversation: ConversationRow? = nil, config: LLMConfig?,
        as scope: Scope
    ) async throws -> TurnState {
        let time = run.createdAt
        let rows = try await core.storage.read(as: scope) { [core] db in
            guard let agent = try AgentStore.row(request.agent, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            let memory = try TurnMemory(for: request, project: agent.origin.projectID, db)
            var rows = try TurnRows(of: agent, in: conversation, memory, db)
            let stored =
                if let conversation {
                    try ConversationMessageStore.systemMessage(of: conversation.id, db)
                } else {
                    try MessageStore.systemMessage(of: agent.id, db)
                }
            if let stored { rows.system = try SystemMessageService.current([stored], db)[0].turnMessage() }
            rows.system = try memory.ownSystemMessage(db) ?? rows.system
            rows.new = request.messages(runID: run.id, at: time, ids: core.ids)
            return rows
        }
        return try await state(rows, request, run, config: config, as: scope)
    }

    private func state(
        _ rows: TurnRows, _ request: TurnRequest, _ run: Run, config: LLMConfig?, as scope: Scope
    ) async throws -> TurnState {
        var config = try config ?? rows.agent.llmConfig.content()
        if let settings = try rows.conversation?.modelSettings?.content() {
            var model = AgentModel(config: config)
            model.apply(settings)
            config = model.config
        }
        if let window = rows.conversation?.contextWindowLimit { config.contextWindow = window }
        var provider = try await models.provider(for: config, as: scope)
        if let answer = request.answer { provider = AnsweredProvider(provider, answer) }
        var state = try TurnState(
            rows, request, run, config: config, provider: provider, executors: executors, as: scope)
        try state.offer(try rows.tools.compactMap { try $0.clientTool() })
        try state.offer(request.clientTools)
        state.beginning = rows.beginning
        if case .model = rows.beginning {
            state.plan.rules += request.settings.firstTools.map { ToolRule(tool: $0, .runFirst(arguments: nil)) }
        }
        state.approvals = approvals
        if state.context.model.traits.isSmall { state.planSmallModel(await recall.texts(for: state)) }
        return state
    }
}

/// The rows that the opening transaction reads, not decoded yet.
struct TurnRows: Sendable {
    let agent: AgentRow
    /// Nil for the agent's own conversation.
    let conversation: ConversationRow?
    let memory: TurnMemory
    let messages: [ContextRow]
    let tools: [CallableToolRow]
    let blocks: [SQLRow]
    /// Replaces the stored system message; nil when that is current.
    var system: TurnMessage?
    /// Messages that the turn appends to those in the context.
    var new: [TurnMessage] = []
    var beginning = TurnBeginning.model

    init(of agent: AgentRow, in conversation: ConversationRow?, _ memory: TurnMemory, _ db: Transaction) throws {
        self.agent = agent
        self.conversation = conversation
        self.memory = memory
        messages =
            if let conversation {
                try ConversationMessageStore.turnContext(of: conversation.id, db)
            } else {
                try MessageStore.turnContext(of: agent.id, db)
            }
        tools = try ToolStore.callableTools(of: agent.id, db)
        blocks = try memory.rows(db)
    }

    /// Whether the context ends with what a failed run left, so that the model can go on from there.
    ///
    /// - Parameter closed: whether results for the calls at the end are about to be appended.
    func end(with failed: ID<Run>, closed: Bool) throws -> Bool {
        guard let last = try messages.last?.message(), last.runID == failed.rawValue else { return false }
        return closed || [.user, .system, .tool].contains(last.role)
    }

    /// The agent's last message and those after it.
    func endOfContext() throws -> [TurnMessage] {
        var end: [TurnMessage] = []
        for row in messages.reversed() {
            end.append(try row.message())
            if end.last?.role == .assistant { break }
        }
        return end.reversed()
    }
}
