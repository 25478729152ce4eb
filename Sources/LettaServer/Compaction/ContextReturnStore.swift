import LettaAPI
import Storage

/// Puts messages that left a context back into it.
struct ContextReturnStore {
    /// How many messages on each side of one may belong to the same call.
    private static let reach = 100

    let thread: ContextThread

    /// A message of the thread, in its context or not, and where it stands.
    private struct Place {
        let id: ID<Message>
        let isHead: Bool
        /// The order in the thread; a summary stands behind what it replaces.
        let order: (place: Int, position: Int)
        /// Nil for what left the context.
        var contextPosition: Int?

        init(_ row: SQLRow) throws(SQLFailure) {
            id = try row["id"]
            let role: MessageRole = try row["role"]
            let run: ID<Run>? = try row["run_id"]
            isHead = role == .system && run == nil
            let position: Int = try row["position"]
            let place: Int? = try row["place"]
            order = (place ?? position, position)
            contextPosition = try row["context_position"]
        }
    }

    // MARK: Reading

    /// The message with those before and after it in the thread, in order; empty when it is not of the thread.
    func near(_ message: ID<Message>, _ db: Transaction) throws -> [MessageRow] {
        let position: Int? = try db.value(
            "SELECT \(part).position FROM \(parts(db)) AND message.id = \(message)")
        guard let position else { return [] }
        func side(_ condition: SQLText, _ direction: SQLText) throws -> [MessageRow] {
            try db.rows(
                """
                SELECT \(MessageRow.columns) FROM \(parts(db)) AND \(part).position \(condition)
                ORDER BY \(part).position \(direction) LIMIT \(Self.reach)
                """
            ).map { try MessageRow($0) }
        }
        return try side("<= \(position)", "DESC").reversed() + side("> \(position)", "ASC")
    }

    private func places(where condition: SQLText, _ db: Transaction) throws -> [Place] {
        try db.rows(
            """
            SELECT message.id, message.role, message.run_id, \(part).position, \(part).place, \(part).context_position
            FROM \(parts(db)) AND \(condition) ORDER BY \(part).context_position, \(part).position
            """
        ).map { try Place($0) }
    }

    /// The messages of the thread as `message`, and what the thread knows of them as ``part``.
    private func parts(_ db: Transaction) -> SQLText {
        guard let conversation = thread.conversation else {
            return """
                message WHERE message.organization_id = \(db.organization) AND message.agent_id = \(thread.agent)
                    AND message.conversation_id IS NULL
                """
        }
        return """
            conversation_message AS part
            JOIN message ON message.organization_id = part.organization_id AND message.id = part.message_id
            WHERE part.organization_id = \(db.organization) AND part.conversation_id = \(conversation)
            """
    }

    private var part: SQLText { thread.conversation == nil ? "message" : "part" }

    // MARK: Writing

    /// - Returns: those that had left the context, in their order.
    func putBack(_ messages: [ID<Message>], _ db: Transaction) throws -> [ID<Message>] {
        let returning = try messages.inStatements { ids in
            try places(where: "message.id IN (\(list: ids)) AND \(part).context_position IS NULL", db)
        }.sorted { $0.order < $1.order }
        var context = try places(where: "\(part).context_position IS NOT NULL", db)
        var moved: [Place] = []
        for var place in returning {
            // A client may have ordered the context otherwise: behind the last one that is older.
            let index = context.lastIndex { $0.isHead || $0.order < place.order }.map { $0 + 1 } ?? 0
            place.contextPosition = place.order.place
            context.insert(place, at: index)
            moved.append(place)
        }
        let positions = context.compactMap(\.contextPosition)
        if zip(positions, positions.dropFirst()).contains(where: { $0 >= $1 }) {
            // No room between two of them.
            for (index, place) in context.enumerated() { try set(index, of: place.id, db) }
        } else {
            for place in moved { try set(place.order.place, of: place.id, db) }
        }
        return returning.map(\.id)
    }

    private func set(_ position: Int, of message: ID<Message>, _ db: Transaction) throws {
        if let conversation = thread.conversation {
            try db.execute(
                """
                UPDATE conversation_message SET context_position = \(position), left_position = NULL
                WHERE organization_id = \(db.organization) AND conversation_id = \(conversation)
                    AND message_id = \(message)
                """)
        } else {
            try db.execute(
                """
                UPDATE message SET context_position = \(position), left_position = NULL
                WHERE organization_id = \(db.organization) AND id = \(message)
                """)
        }
    }
}
