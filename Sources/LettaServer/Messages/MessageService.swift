import AgentEngine
import JSON
import LettaAPI
import Storage

/// Lists messages, and resets the context of an agent.
struct MessageService: Sendable {
    let core: Core
    /// Serializes the turns of an agent; a reset of its context takes the lock too.
    let line: AgentLine
    let meaning: MessageMeaning

    /// A page of an agent's messages ordered by time. One stored message may become several entries; `limit` counts
    /// stored messages.
    func list(of agent: ID<AgentState>, _ query: ListMessages, as scope: Scope) async throws -> Page<LettaMessage> {
        let request = try PageRequest(query, defaultLimit: 100)
        // Unlike in other lists, a limit of 0 gives no messages, as with the peer.
        let limit = query.limit == 0 ? 0 : request.limit ?? 100
        let rows = try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
            let page = try MessageListStore.page(
                of: agent, in: query.conversationID, said: query.groupID,
                after: try Self.bound(query.after, of: agent, db),
                before: try Self.bound(query.before, of: agent, db), withErrors: query.includeErr ?? true,
                fromNewest: !request.isAscending, limit: limit, db)
            return try SystemMessageService.current(page, db)
        }
        let page = Page(rows, next: Self.next(after: rows, request, limit: limit))
        return try Self.entries(page, only: query.includeReturnMessageTypes, speech: SpeechTool(query))
    }

    func list(ofRun id: ID<Run>, _ query: ListRelated, as scope: Scope) async throws -> Page<LettaMessage> {
        var query = query
        query.order = .ascending
        let request = try PageRequest(query, defaultLimit: 100)
        let (run, rows) = try await core.storage.read(as: scope) { db in
            let run = try RunService.run(id, db)
            return (run, request.page(of: try MessageListStore.rows(of: id, db)) { $0.id.rawValue })
        }
        // As the one who sent the message asked to see them.
        return try Self.entries(rows, only: nil, speech: SpeechTool(try run.requestConfig?.json.value()))
    }

    /// Reduces the context to a new system message; all messages remain listed.
    func reset(_ agent: ID<AgentState>, _ body: ResetMessages, as scope: Scope) async throws -> AgentState {
        try await line.between(turnsOf: agent, as: scope) { try await empty(agent, body, as: scope) }
    }

    private func empty(_ agent: ID<AgentState>, _ body: ResetMessages, as scope: Scope) async throws -> AgentState {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            guard var row = try AgentStore.rowForUpdate(agent, db) else {
                throw APIError.notFound("Agent", agent)
            }
            row.systemCompiledAt = time
            try WaitingApprovalStore.remove(of: agent, in: nil, db)
            let blocks = try AgentBlockStore.blocks(of: [agent], db)[agent] ?? []
            let stored = try MessageStore.systemMessage(of: agent, db)
            let (isNew, system) = (stored == nil, stored?.id ?? core.ids.next(Message.self))
            // All messages but those in the context: the system message alone.
            let compiled = try SystemMessageService.compile(
                row, blocks: blocks, archival: try ArchivalMemoryService.summary(of: agent, db),
                folders: try AgentFolderService.attachedFolders(of: [row], db)[agent] ?? [],
                previousMessages: row.nextMessagePosition - (isNew ? 0 : 1))
            let text = compiled.context.text
            var context: [TurnMessage] = []
            context.append(
                TurnMessage(
                    id: system.rawValue, role: .system, parts: [.text(text)], createdAt: time.microseconds))
            if body.addDefaultInitialMessages == true {
                context += AgentDraft.startingMessages(for: row, at: time, ids: core.ids)
            }
            let new = (isNew ? context : Array(context.dropFirst())).enumerated().map { index, message in
                MessageRow(
                    message, agentID: agent, position: row.nextMessagePosition + index, model: nil)
            }
            row.nextMessagePosition += new.count
            row.updatedAt = max(time, row.updatedAt)
            try AgentStore.update(row, db)
            try MessageStore.insert(new, db)
            try SystemMessageStore.rewrite(system, content: compiled.content, from: compiled.blocks, at: time, db)
            try MessageStore.replaceContext(of: agent, with: context.map { ID($0.id) }, db)
            return try AgentStateStore.state(of: row, db)
        }
    }

    /// The cursor of the next page after a full one. Pages are ordered by time, so a list from the newest end continues
    /// before the first row.
    static func next(after rows: [MessageRow], _ request: PageRequest, limit: Int) -> String? {
        guard limit > 0, rows.count >= limit else { return nil }
        return (request.isAscending ? rows.last : rows.first)?.id.rawValue
    }

    static func entries(
        _ page: Page<MessageRow>, only types: [LettaMessageType]?, speech: SpeechTool? = .standard
    ) throws -> Page<LettaMessage> {
        page.replacing(with: try entries(page.items, only: types, speech: speech))
    }

    /// The entries that clients see of stored messages.
    static func entries(
        _ rows: [MessageRow], only types: [LettaMessageType]?, speech: SpeechTool? = .standard
    ) throws -> [LettaMessage] {
        let wanted = types.map { Set($0.map(\.rawValue)) }
        return try rows.flatMap { row in
            WireMessage.entries(of: try row.turnMessage(), for: .list, speech: speech)
                .filter { wanted?.contains($0.messageType) ?? true }
                .map { LettaMessage($0) }
        }
    }

    private static func bound(_ id: String?, of agent: ID<AgentState>, _ db: Transaction) throws -> MessageRow? {
        guard let id else { return nil }
        guard let row = try MessageListStore.row(id, of: agent, db) else {
            throw APIError(404, "No message found with id '\(id)' for agent '\(agent)'")
        }
        return row
    }
}
