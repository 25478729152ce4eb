import JSON
import LettaAPI
import Storage

/// A conversation, or the agent's own thread.
enum ConversationThread: Sendable {
    case conversation(ID<Conversation>)
    case agent(ID<AgentState>)

    /// - Parameter agent: the agent whose thread `default` names.
    /// - Throws: `APIError` 404 for `default` without an agent, as the peer.
    init(_ path: ConversationPath, _ agent: ID<AgentState>?) throws {
        switch path {
        case .conversation(let id): self = .conversation(id)
        case .agent(let id): self = .agent(id)
        case .default:
            guard let agent else {
                throw APIError(404, "Conversation with ID default not found. Name its agent with agent_id.")
            }
            self = .agent(agent)
        }
    }
}

/// The rules of conversations: they have a system message of their own, and share memory and messages.
struct ConversationService: Sendable {
    let core: Core
    let models: ModelService
    let messages: MessageService
    let context: AgentContextService
    let turns: TurnService
    let previews: TurnPreviewService

    func list(_ query: ListConversations, as scope: Scope) async throws -> Page<Conversation> {
        try KeyText.check("summary_search", query.summarySearch, in: "query")
        return try await core.storage.read(as: scope) { db in try ConversationStore.page(query, db) }
    }

    func retrieve(_ id: ID<Conversation>, as scope: Scope) async throws -> Conversation {
        try await core.storage.read(as: scope) { db in
            try ConversationStore.complete([try Self.row(id, db)], db)[0]
        }
    }

    func create(
        _ body: CreateConversation, with agent: ID<AgentState>, as scope: Scope
    ) async throws -> Conversation {
        if let handle = body.model { _ = try await models.languageModel(handle, as: scope) }
        var conversation = newConversation(with: agent, as: scope)
        conversation.summary = body.summary
        conversation.model = body.model
        conversation.modelSettings = body.modelSettings.map { Document($0) }
        conversation.description = body.description
        conversation.contextWindowLimit = try Self.checked(window: body.contextWindowLimit)
        conversation.hidden = body.hidden ?? false
        return try await core.storage.write(as: scope) { [core, row = ConversationRow(conversation)] db in
            guard let agent = try AgentStore.rowForUpdate(agent, db) else { throw APIError.notFound("Agent", agent) }
            try db.insert(row, into: ConversationStore.table)
            let blocks = try AgentBlockStore.blocks(of: [agent.id], db)[agent.id] ?? []
            let sources = try (body.isolatedBlockLabels ?? []).withoutDuplicates.map { label in
                guard let block = blocks.first(where: { $0.label == label }) else {
                    throw APIError.invalidArgument("Block with label '\(label)' not found on agent '\(agent.id)'")
                }
                return (label, block)
            }
            try isolate(sources, in: row, db)
            try ConversationSystemMessage.insert(core.ids.next(), for: row, of: agent, db)
            return try ConversationStore.complete([row], db)[0]
        }
    }

    /// What a fork shares of the thread that it comes from: run in the transaction that makes its row.
    typealias Sharing = @Sendable (_ source: ContextThread, _ fork: ConversationRow, Transaction) throws -> Void

    /// Creates a conversation that shares the messages in the context of another one, and has copies of its isolated
    /// blocks.
    ///
    /// - Parameter message: the last one that is shared; nil for all.
    func fork(
        _ thread: ConversationThread, hidden: Bool = false, upTo message: ID<Message>? = nil, as scope: Scope
    ) async throws -> Conversation {
        try await fork(thread, hidden: hidden, as: scope) { [core] source, fork, db in
            if let conversation = source.conversation {
                try ConversationMessageStore.share(contextOf: conversation, upTo: message, with: fork.id, db)
            } else {
                let system = try SystemMessageStore.head(of: source.agent, db)?.message
                try ConversationMessageStore.share(
                    contextOf: source.agent, but: system, upTo: message, with: fork.id, db)
            }
            guard message == nil else { return }
            try WaitingApprovalStore.copy(from: source, to: fork.id, ids: core.ids, at: fork.createdAt, db)
        }
    }

    /// Creates a conversation whose context is what a step was told, with the blocks as they are now.
    ///
    /// - Throws: `APIError` 404 for an unknown step, 409 for one that stored no message or whose context is not known.
    func fork(at step: ID<Step>, as scope: Scope) async throws -> Conversation {
        let place = try await core.storage.read(as: scope) { db in
            guard try db.exists(step, in: StepStore.table) else { throw APIError.notFound("Step", step) }
            guard let place = try PastContextStore.place(of: step, db) else {
                throw APIError(409, "Step \(step) has no message any more, or never had one.")
            }
            return place
        }
        let thread = place.thread.conversation.map(ConversationThread.conversation) ?? .agent(place.thread.agent)
        return try await fork(thread, hidden: false, as: scope) { _, fork, db in
            try PastContextStore.share(place, with: fork.id, db)
        }
    }

    private func fork(
        _ thread: ConversationThread, hidden: Bool, as scope: Scope, sharing: @escaping Sharing
    ) async throws -> Conversation {
        switch thread {
        case .agent(let agent):
            let row = ConversationRow(newConversation(with: agent, hidden: hidden, as: scope))
            return try await core.storage.write(as: scope) { [core] db in
                guard let agent = try AgentStore.rowForUpdate(agent, db) else {
                    throw APIError.notFound("Agent", agent)
                }
                try db.insert(row, into: ConversationStore.table)
                try sharing(ContextThread(agent: agent.id), row, db)
                try ConversationSystemMessage.insert(core.ids.next(), for: row, of: agent, db)
                return try ConversationStore.complete([row], db)[0]
            }
        case .conversation(let id):
            let agent = try await retrieve(id, as: scope).agentID
            let conversation = newConversation(with: agent, hidden: hidden, as: scope)
            return try await core.storage.write(as: scope) { [core] db in
                guard let agent = try AgentStore.rowForUpdate(agent, db) else {
                    throw APIError.notFound("Agent", agent)
                }
                let source = try Self.row(id, locking: true, db)
                var row = ConversationRow(conversation)
                row.model = source.model
                row.modelSettings = source.modelSettings
                row.contextWindowLimit = source.contextWindowLimit
                try db.insert(row, into: ConversationStore.table)
                let blocks = try ConversationStore.isolatedBlocks(of: [id], db)[id] ?? []
                try isolate(blocks.map { ($0.label, $0.block) }, in: row, db)
                try sharing(ContextThread(agent: agent.id, conversation: id), row, db)
                try ConversationSystemMessage.insert(core.ids.next(), for: row, of: agent, db)
                return try ConversationStore.complete([row], db)[0]
            }
        }
    }

    /// Changes the fields present in the body. If nothing changes, nothing is written.
    func update(
        _ id: ID<Conversation>, applying change: UpdateConversation, as scope: Scope
    ) async throws -> Conversation {
        _ = try Self.checked(window: change.contextWindowLimit.value)
        // Before the write transaction, because looking up a model may wait for its provider.
        if let handle = change.model.value, try await retrieve(id, as: scope).model != handle {
            _ = try await models.languageModel(handle, as: scope)
        }
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let old = try Self.row(id, locking: true, db)
            var row = old
            change.summary.apply(to: &row.summary)
            change.model.apply(to: &row.model)
            switch change.modelSettings {
            case .keep: break
            case .clear: row.modelSettings = nil
            case .set(let settings): row.modelSettings = Document(settings)
            }
            change.description.apply(to: &row.wire.description)
            change.contextWindowLimit.apply(to: &row.contextWindowLimit)
            if let isArchived = change.archived.value { row.archivedAt = isArchived ? row.archivedAt ?? time : nil }
            change.lastMessageAt.apply(to: &row.lastMessageAt)
            guard !row.wire.isSame(as: old.wire) else { return try ConversationStore.complete([old], db)[0] }
            row.updatedAt = max(time, row.updatedAt)
            row.lastUpdatedByID = scope.user
            try db.update(row, in: ConversationStore.table)
            return try ConversationStore.complete([row], db)[0]
        }
    }

    /// Deletes the conversation, its isolated blocks, and its messages but for those that forks share. The last of them
    /// to be deleted takes those with it.
    func delete(_ id: ID<Conversation>, as scope: Scope) async throws {
        let agent = try await core.storage.write(as: scope) { db in
            // Of two conversations that share a message and are deleted at the same time, the second sees that it is the
            // last one. Agents are locked before conversations.
            let agent = try Self.row(id, db).agentID
            _ = try AgentStore.rowForUpdate(agent, db)
            _ = try Self.row(id, locking: true, db)
            try ConversationStore.deleteIsolatedBlocks(of: id, db)
            try ConversationMessageStore.deleteOwn(of: id, db)
            try db.delete(id, from: ConversationStore.table)
            return agent
        }
        turns.end(turnsIn: id, of: agent, as: scope)
    }

    /// Cancels the running turns.
    func cancel(_ thread: ConversationThread, as scope: Scope) async throws -> [String: String] {
        switch thread {
        case .agent(let agent): return try await turns.cancel(agent, nil, ownThread: true, as: scope)
        case .conversation(let id):
            let row = try await core.storage.read(as: scope) { db in try Self.row(id, db) }
            return try await turns.cancel(id, of: row.agentID, as: scope)
        }
    }

    // MARK: Messages

    /// A page of messages. `limit` counts stored messages, which may become several entries. Those of a conversation
    /// are listed from the newest one on, those of an agent's own thread in order of time, as by the peer.
    func messages(
        of thread: ConversationThread, _ query: ListConversationMessages, as scope: Scope
    ) async throws -> Page<LettaMessage> {
        switch thread {
        case .agent(let agent):
            var list = ListMessages()
            (list.before, list.after, list.limit, list.order) = (query.before, query.after, query.limit, query.order)
            list.includeReturnMessageTypes = query.includeReturnMessageTypes
            list.conversationID = "default"
            list.groupID = query.groupID
            list.includeErr = query.includeErr
            return try await messages.list(of: agent, list, as: scope)
        case .conversation(let id):
            let request = try PageRequest(query, defaultLimit: 100)
            let limit = query.limit == 0 ? 0 : request.limit ?? 100
            let page = try await core.storage.read(as: scope) { db in
                _ = try Self.row(id, db)
                let page = try ConversationMessageStore.page(
                    of: id, after: query.after, before: query.before, newestFirst: !request.isAscending, limit: limit,
                    in: query.groupID, withErrors: query.includeErr ?? true, db)
                return page.replacing(with: try SystemMessageService.current(page.items, db))
            }
            let entries = try MessageService.entries(
                request.isAscending ? page.items : page.items.reversed(), only: query.includeReturnMessageTypes)
            return page.replacing(with: request.isAscending ? entries : entries.reversed())
        }
    }

    /// Recompiles the system message, with the current time in its time line, and returns its text.
    func recompile(_ thread: ConversationThread, dryRun: Bool, as scope: Scope) async throws -> String {
        let time = core.now()
        switch thread {
        case .agent(let agent):
            var query = RecompileAgent()
            query.dryRun = dryRun
            query.updateTimestamp = true
            return try await context.recompile(agent, query, as: scope)
        case .conversation(let id) where dryRun:
            return try await core.storage.read(as: scope) { db in
                var row = try Self.row(id, db)
                row.systemCompiledAt = time
                return try ConversationSystemMessage.refresh(row, at: time, storing: false, db)
            }
        case .conversation(let id):
            return try await core.storage.write(as: scope) { db in
                var row = try Self.row(id, locking: true, db)
                row.systemCompiledAt = time
                return try ConversationSystemMessage.refresh(row, at: time, storing: true, db)
            }
        }
    }

    func preview(_ body: SendMessages, to thread: ConversationThread, as scope: Scope) async throws -> RawJSON {
        switch thread {
        case .agent(let agent): return try await previews.payload(body, to: agent, as: scope)
        case .conversation(let id):
            let row = try await core.storage.read(as: scope) { db in try Self.row(id, db) }
            return try await previews.payload(body, to: row.agentID, in: row, as: scope)
        }
    }

    // MARK: Parts

    static func row(
        _ id: ID<Conversation>, locking: Bool = false, _ db: Transaction
    ) throws -> ConversationRow {
        guard let row = try db.fetch(ConversationStore.table, id, locking: locking) else {
            throw APIError.notFound("Conversation", id)
        }
        return row
    }

    private static func checked(window: Int?) throws -> Int? {
        if let window, window <= 0 {
            throw APIError.invalidField(
                "context_window_limit", "the context window must have at least one token", input: .int(Int64(window)))
        }
        return window
    }

    private func newConversation(
        with agent: ID<AgentState>, hidden: Bool = false, as scope: Scope
    ) -> Conversation {
        var conversation = Conversation(id: core.ids.next(), agentID: agent, createdAt: core.now())
        conversation.hidden = hidden
        conversation.createdByID = scope.user
        conversation.lastUpdatedByID = scope.user
        return conversation
    }

    /// Gives the conversation copies of the blocks.
    private func isolate(
        _ blocks: [(label: String, block: BlockRow)], in row: ConversationRow, _ db: Transaction
    ) throws {
        for (position, (label, source)) in blocks.enumerated() {
            // One microsecond apart, so that lists show them in this order.
            let time = Timestamp(microseconds: row.createdAt.microseconds + Int64(position))
            var copy = BlockRow(
                id: core.ids.next(), label: source.label, value: source.value, limit: source.limit, at: time)
            copy.description = source.description
            copy.metadata = source.metadata
            copy.readOnly = source.readOnly
            copy.origin.projectID = source.origin.projectID
            copy.createdByID = db.user
            copy.lastUpdatedByID = db.user
            try BlockStore.insert(copy, tags: [], db)
            try ConversationStore.isolate(copy.id, as: label, position: position, in: row.id, db)
        }
    }
}
