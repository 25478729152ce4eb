import AgentEngine
import JSON
import LettaAPI
import Storage

/// Lists and searches the messages of all agents.
extension MessageService {
    /// A page of the messages of all agents ordered by time; `limit` counts stored messages.
    func listAll(_ query: ListMessages, as scope: Scope) async throws -> Page<LettaMessage> {
        let request = try PageRequest(query, defaultLimit: 100)
        let limit = query.limit == 0 ? 0 : request.limit ?? 100
        let rows = try await core.storage.read(as: scope) { db in
            let page = try AllMessagesStore.page(
                in: query.conversationID, after: try query.after.map { try Self.row($0, db) },
                before: try query.before.map { try Self.row($0, db) }, fromNewest: !request.isAscending,
                limit: limit, db)
            return try SystemMessageService.current(page, db)
        }
        let page = Page(rows, next: Self.next(after: rows, request, limit: limit))
        return try Self.entries(page, only: query.includeReturnMessageTypes, speech: SpeechTool(query))
    }

    /// The entries that clients see of one message: its reasoning, its text and its calls are entries of their own.
    func retrieve(_ id: ID<Message>, as scope: Scope) async throws -> [LettaMessage] {
        let rows = try await core.storage.read(as: scope) { db in
            try SystemMessageService.current([try Self.row(id.rawValue, db)], db)
        }
        return try Self.entries(rows, only: nil)
    }

    func list(ofStep id: ID<Step>, _ query: ListRelated, as scope: Scope) async throws -> Page<LettaMessage> {
        var query = query
        query.order = .ascending
        let request = try PageRequest(query, defaultLimit: 100)
        let rows = try await core.storage.read(as: scope) { db in
            guard try db.exists(id, in: StepStore.table) else { throw APIError.notFound("Step", id) }
            return request.page(of: try AllMessagesStore.rows(of: id, db)) { $0.id.rawValue }
        }
        return try Self.entries(rows, only: nil)
    }

    // MARK: Searching

    func search(_ body: SearchMessages, as scope: Scope) async throws -> [FoundMessage] {
        try await found(body, as: scope).map { found in
            let row = found.row
            let entry = WireMessage.entries(of: try row.turnMessage(), for: .list).first { $0.isSaid }
            var message = FoundMessage(
                messageID: row.id, agentID: row.agentID,
                messageType: row.role == .user ? "user_message" : "assistant_message",
                content: entry?.said ?? "", createdAt: row.createdAt)
            message.conversationID = row.conversationID
            return message
        }
    }

    func searchRanked(_ body: SearchMessages, as scope: Scope) async throws -> [RankedMessage] {
        let found = try await found(body, as: scope)
        let ranks = MessageRanks(found)
        return try found.enumerated().map { index, found in
            var message = RankedMessage(
                text: try found.row.turnMessage().said ?? "", message: try found.row.wire(), rank: index + 1)
            if ranks.haveMeaning {
                message.rank = ranks.words[found.row.id]
                message.vectorRank = ranks.meaning[found.row.id]
            }
            return message
        }
    }

    private func found(_ body: SearchMessages, as scope: Scope) async throws -> [MessageSearch.Found] {
        try KeyText.check("query", body.query)
        var filter = MessageFilter()
        filter.from = try Self.time(body.startDate, named: "start_date")?.first
        filter.to = try Self.time(body.endDate, named: "end_date")?.last
        filter.roles = body.roles ?? filter.roles
        filter.agent = body.agentID.map { ID($0) }
        filter.conversation = body.conversationID
        filter.project = body.projectID
        filter.template = body.templateID
        let request = try PageRequest(
            after: nil, before: nil, limit: body.limit, order: nil, defaultLimit: 50, defaultOrder: .descending)
        var search = MessageSearch(
            query: body.query ?? "", filter: filter, limit: min(request.limit ?? 100, 100), now: core.now())
        search.mode = body.searchMode ?? search.mode
        if let id = filter.agent {
            guard let agent = try await core.storage.read(as: scope, { db in try AgentStore.row(id, db) }) else {
                return []
            }
            search.zone = agent.timezone
        }
        return try await meaning.find(search, as: scope)
    }

    private static func time(_ text: String?, named name: String) throws -> DayOrTime? {
        guard let text, !text.isEmpty else { return nil }
        guard let time = DayOrTime(iso8601: text) else {
            throw APIError.invalidField(name, "must be an ISO 8601 date or date-time", input: .string(text))
        }
        return time
    }

    private static func row(_ id: String, _ db: Transaction) throws -> MessageRow {
        guard let row = try AllMessagesStore.row(id, db) else {
            throw APIError(404, "Message with id \(id) not found.")
        }
        return row
    }
}

extension WireMessage {
    fileprivate var isSaid: Bool { said != nil }

    fileprivate var said: JSONValue? {
        switch body {
        case .user(let content): content
        case .assistant(let text), .speech(let text): .string(text)
        default: nil
        }
    }
}
