import JSON
import LettaAPI
import Storage

/// Table `conversation_message`: the messages that conversations consist of, and which of them are in context.
///
/// The position of a message in a conversation is its position among the messages of the agent. The conversation's own
/// system message comes first.
enum ConversationMessageStore {
    private static let systemPosition = -1

    // MARK: Writing

    /// Makes the message, whose row is stored, the system message of a new conversation.
    static func insertSystemMessage(_ message: MessageRow, in id: ID<Conversation>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO conversation_message (organization_id, conversation_id, position, message_id, context_position)
            VALUES (\(db.organization), \(id), \(systemPosition), \(message.id), \(systemPosition))
            """)
    }

    /// Appends stored messages to a conversation and to its context.
    static func append(_ messages: [MessageRow], to id: ID<Conversation>, _ db: Transaction) throws {
        for messages in messages.chunks(binding: 5) {
            let tuples = messages.map { message -> SQLText in
                "(\(db.organization), \(id), \(message.position), \(message.id), \(message.position))"
            }
            try db.execute(
                """
                INSERT INTO conversation_message (
                    organization_id, conversation_id, position, message_id, context_position)
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
    }

    /// Adds the messages in the context of `source` to a new conversation, all but the system message.
    ///
    /// - Parameter message: the last one that is shared; nil for all.
    /// - Throws: `APIError` 404 for one that is not in the context.
    static func share(
        contextOf source: ID<Conversation>, upTo message: ID<Message>?, with id: ID<Conversation>, _ db: Transaction
    ) throws {
        let last = try message.map { message -> Int in
            let last: Int? = try db.value(
                """
                SELECT context_position FROM conversation_message
                WHERE organization_id = \(db.organization) AND conversation_id = \(source) AND message_id = \(message)
                """)
            guard let last else { throw APIError.notFound("Message", message) }
            return last
        }
        try db.execute(
            """
            INSERT INTO conversation_message (
                organization_id, conversation_id, position, message_id, context_position, place)
            SELECT organization_id, \(id), position, message_id, context_position, place FROM conversation_message
            WHERE organization_id = \(db.organization) AND conversation_id = \(source)
                AND context_position IS NOT NULL AND position <> \(systemPosition)\(upTo(last))
            """)
    }

    /// The same for the agent's own conversation, whose system message is `system`.
    static func share(
        contextOf agent: ID<AgentState>, but system: ID<Message>?, upTo message: ID<Message>?,
        with id: ID<Conversation>, _ db: Transaction
    ) throws {
        let last = try message.map { message -> Int in
            let last: Int? = try db.value(
                """
                SELECT context_position FROM message
                WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND id = \(message)
                """)
            guard let last else { throw APIError.notFound("Message", message) }
            return last
        }
        try db.execute(
            """
            INSERT INTO conversation_message (
                organization_id, conversation_id, position, message_id, context_position, place)
            SELECT organization_id, \(id), position, id, context_position, place FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(agent)
                AND context_position IS NOT NULL AND id <> \(system?.rawValue ?? "")\(upTo(last))
            """)
    }

    private static func upTo(_ position: Int?) -> SQLText {
        position.map { " AND context_position <= \($0)" } ?? ""
    }

    /// Deletes the messages that no other conversation shares and that were sent in this one, or in one that is deleted.
    static func deleteOwn(of id: ID<Conversation>, _ db: Transaction) throws {
        let deleted = try db.rows(
            """
            DELETE FROM message WHERE organization_id = \(db.organization)
                AND id IN (
                    SELECT message_id FROM conversation_message
                    WHERE organization_id = \(db.organization) AND conversation_id = \(id))
                AND conversation_id IS NOT NULL
                AND (conversation_id = \(id) OR NOT EXISTS (
                    SELECT 1 FROM conversation
                    WHERE conversation.organization_id = message.organization_id
                        AND conversation.id = message.conversation_id))
                AND NOT EXISTS (
                    SELECT 1 FROM conversation_message AS other
                    WHERE other.organization_id = message.organization_id AND other.message_id = message.id
                        AND other.conversation_id <> \(id))
            RETURNING id
            """)
        try WordIndexStore.messages.delete(try deleted.map { try $0["id"] }, db)
    }

    // MARK: Context

    static func contextIDs(
        of ids: [ID<Conversation>], _ db: Transaction
    ) throws -> [ID<Conversation>: [ID<Message>]] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT conversation_id, message_id FROM conversation_message
                WHERE organization_id = \(db.organization) AND conversation_id IN (\(list: ids))
                    AND context_position IS NOT NULL
                ORDER BY conversation_id, context_position
                """)
        }
        var messages: [ID<Conversation>: [ID<Message>]] = [:]
        for row in rows { messages[try row["conversation_id"], default: []].append(try row["message_id"]) }
        return messages
    }

    static func contextSizes(of ids: [ID<Conversation>], _ db: Transaction) throws -> [ID<Conversation>: Int] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT conversation_id, COUNT(*) AS size FROM conversation_message
                WHERE organization_id = \(db.organization) AND conversation_id IN (\(list: ids))
                    AND context_position IS NOT NULL
                GROUP BY conversation_id
                """)
        }
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0["conversation_id"], try $0["size"]) })
    }

    /// The messages in context, in order.
    static func context(of id: ID<Conversation>, _ db: Transaction) throws -> [MessageRow] {
        try contextRows(MessageRow.columns, of: id, db).map { try MessageRow($0) }
    }

    /// The same in the form that a turn reads.
    static func turnContext(of id: ID<Conversation>, _ db: Transaction) throws -> [ContextRow] {
        try contextRows(ContextRow.columns, of: id, db).map(ContextRow.init)
    }

    /// The system message at the start of the context; nil when the context starts with another message.
    static func systemMessage(of id: ID<Conversation>, _ db: Transaction) throws -> MessageRow? {
        let first = try contextRows(MessageRow.columns, of: id, ending: " LIMIT 1", db).first.map { try MessageRow($0) }
        return first?.role == .system ? first : nil
    }

    private static func contextRows(
        _ columns: SQLText, of id: ID<Conversation>, ending: SQLText = "", _ db: Transaction
    ) throws -> [SQLRow] {
        try db.rows(
            """
            SELECT \(columns) FROM conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE part.organization_id = \(db.organization) AND part.conversation_id = \(id)
                AND part.context_position IS NOT NULL
            ORDER BY part.context_position\(ending)
            """)
    }

    // MARK: System messages

    /// A conversation's own system message.
    struct Head: Sendable {
        let message: ID<Message>
        let conversation: ID<Conversation>
        let compiledFrom: String?
    }

    static func head(of id: ID<Conversation>, _ db: Transaction) throws -> Head? {
        try heads(where: "part.conversation_id = \(id)", db).first
    }

    /// The heads of conversations among the given messages.
    static func heads(among messages: [ID<Message>], _ db: Transaction) throws -> [Head] {
        try messages.inStatements { try heads(where: "part.message_id IN (\(list: $0))", db) }
    }

    private static func heads(where condition: SQLText, _ db: Transaction) throws -> [Head] {
        try db.rows(
            """
            SELECT message.id, part.conversation_id, message.compiled_from FROM conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE part.organization_id = \(db.organization) AND \(condition) AND part.position = \(systemPosition)
            """
        ).map {
            Head(
                message: try $0["id"], conversation: try $0["conversation_id"],
                compiledFrom: try $0["compiled_from"])
        }
    }

    /// Has the system messages of all conversations with the agent recompiled by their next readers.
    static func invalidateHeads(of agents: [ID<AgentState>], _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE message SET compiled_from = NULL
            WHERE organization_id = \(db.organization) AND id IN (
                SELECT part.message_id FROM conversation
                JOIN conversation_message AS part ON part.organization_id = conversation.organization_id
                    AND part.conversation_id = conversation.id AND part.position = \(systemPosition)
                WHERE conversation.organization_id = \(db.organization) AND conversation.agent_id IN (\(list: agents)))
            """)
    }

    // MARK: Lists

    /// A page of messages in the given direction, between bounds that are ids and follow it. Unknown bounds are ignored,
    /// as by the peer. With `before` alone the page is the one that ends there.
    static func page(
        of id: ID<Conversation>, after: String?, before: String?, newestFirst: Bool, limit: Int,
        in group: ID<Group>? = nil, withErrors: Bool = true, _ db: Transaction
    ) throws -> Page<MessageRow> {
        var all: [SQLText] = ["part.organization_id = \(db.organization)", "part.conversation_id = \(id)"]
        if let group { all.append(GroupRunStore.isSaid(in: group, db)) }
        if !withErrors { all.append(MessageStore.isTakenByModels) }
        let start = try after.flatMap { try position(of: $0, in: id, db) }
        let end = try before.flatMap { try position(of: $0, in: id, db) }
        if let start { all.append(newestFirst ? "part.position < \(start)" : "part.position > \(start)") }
        if let end { all.append(newestFirst ? "part.position > \(end)" : "part.position < \(end)") }
        let isBackwards = start == nil && end != nil
        let direction: SQLText = newestFirst != isBackwards ? "DESC" : "ASC"
        let rows = try db.rows(
            """
            SELECT \(MessageRow.columns) FROM conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE \(SQLText.joined(all, separator: " AND ")) ORDER BY part.position \(direction) LIMIT \(limit)
            """
        ).map { try MessageRow($0) }
        let next = limit > 0 && rows.count >= limit ? rows.last?.id.rawValue : nil
        return Page(isBackwards ? rows.reversed() : rows, next: next, isBackwards: isBackwards)
    }

    private static func position(of message: String, in id: ID<Conversation>, _ db: Transaction) throws -> Int? {
        try db.value(
            """
            SELECT position FROM conversation_message
            WHERE organization_id = \(db.organization) AND message_id = \(message) AND conversation_id = \(id)
            """)
    }
}
