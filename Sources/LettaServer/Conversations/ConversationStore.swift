import JSON
import LettaAPI
import Storage

/// Tables `conversation` and `conversation_block`.
enum ConversationStore {
    static let table = Table<ConversationRow>(
        "conversation", without: ["archived": false, "in_context_message_ids": [], "isolated_block_ids": []])

    // MARK: Lists

    static func page(_ query: ListConversations, _ db: Transaction) throws -> Page<Conversation> {
        let request = try PageRequest(query)
        let page = try db.page(
            table, request, key: key(query.orderBy ?? .createdAt, request),
            where: [
                query.agentID.map { "agent_id = \($0)" },
                query.summarySearch.map { db.dialect.contains("summary", $0) },
                isArchived(query).map { $0 ? "archived_at IS NOT NULL" : "archived_at IS NULL" },
                "NOT hidden",
            ])
        return page.replacing(with: try complete(page.items, db))
    }

    /// Whether archived conversations alone are listed, or the others; nil for all.
    private static func isArchived(_ query: ListConversations) -> Bool? {
        switch query.archiveStatus {
        case .unarchived: false
        case .archived: true
        case .all: nil
        case nil: query.archived ?? false
        }
    }

    /// Conversations without a value come last in both directions. NULL becomes a value, because a row value with a
    /// NULL compares to nothing.
    private static func key(_ order: ConversationOrder, _ request: PageRequest) -> [SQLText] {
        switch order {
        case .createdAt: PageOrder.newestFirst.key
        case .lastRunCompletion: nullsLast("last_run_completion", request)
        case .lastMessageAt: nullsLast("last_message_at", request)
        }
    }

    private static func nullsLast(_ column: SQLText, _ request: PageRequest) -> [SQLText] {
        // Not bound: the indexes are over these very expressions.
        let last: SQLText = request.isAscending ? "9223372036854775807" : "0"
        return ["COALESCE(\(column), \(last))", "id"]
    }

    /// The conversations with the ids of their messages in context and of their isolated blocks.
    static func complete(_ rows: [ConversationRow], _ db: Transaction) throws -> [Conversation] {
        let ids = rows.map(\.id)
        let context = try ConversationMessageStore.contextIDs(of: ids, db)
        let blocks = try isolatedBlocks(of: ids, db)
        return rows.map { row in
            var conversation = row.wire
            conversation.archived = row.archivedAt != nil
            conversation.inContextMessageIDs = context[row.id] ?? []
            conversation.isolatedBlockIDs = (blocks[row.id] ?? []).map(\.block.id)
            return conversation
        }
    }

    /// Stores when something was last said in a conversation, and when its last run ended.
    ///
    /// - Returns: whether there is such a conversation.
    static func noteTurn(
        in id: ID<Conversation>, lastMessageAt: Timestamp?, ending run: Run?, _ db: Transaction
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE conversation SET last_message_at = COALESCE(\(lastMessageAt), last_message_at),
                last_run_completion = COALESCE(\(run?.completedAt), last_run_completion)
            WHERE organization_id = \(db.organization) AND id = \(id)
            """) > 0
    }

    // MARK: Blocks

    /// A block that stands for the agent's block with the label, in one conversation.
    struct IsolatedBlock: Sendable {
        let label: String
        let block: BlockRow
        /// The result row that the block was read from.
        let row: SQLRow
    }

    static func isolate(
        _ block: ID<Block>, as label: String, position: Int, in conversation: ID<Conversation>, _ db: Transaction
    ) throws {
        try db.execute(
            """
            INSERT INTO conversation_block (organization_id, conversation_id, label, block_id, position)
            VALUES (\(db.organization), \(conversation), \(label), \(block), \(position))
            """)
    }

    /// The isolated blocks of each conversation, in the order in which they were isolated.
    static func isolatedBlocks(
        of conversations: [ID<Conversation>], _ db: Transaction
    ) throws -> [ID<Conversation>: [IsolatedBlock]] {
        let rows = try conversations.inStatements { conversations in
            try db.rows(
                """
                SELECT isolated.conversation_id, isolated.label AS isolated_label, \(BlockStore.table.columns)
                FROM conversation_block AS isolated
                JOIN block ON block.organization_id = isolated.organization_id AND block.id = isolated.block_id
                WHERE isolated.organization_id = \(db.organization)
                    AND isolated.conversation_id IN (\(list: conversations))
                ORDER BY isolated.conversation_id, isolated.position
                """)
        }
        var blocks: [ID<Conversation>: [IsolatedBlock]] = [:]
        for row in rows {
            blocks[try row["conversation_id"], default: []].append(
                IsolatedBlock(label: try row["isolated_label"], block: try BlockRow(row), row: row))
        }
        return blocks
    }

    /// The blocks in sight of each conversation: those of its agent, with isolated ones in their places.
    static func blocks(of rows: [ConversationRow], _ db: Transaction) throws -> [ID<Conversation>: [BlockRow]] {
        let shared = try AgentBlockStore.blocks(of: rows.map(\.agentID).withoutDuplicates, db)
        let isolated = try isolatedBlocks(of: rows.map(\.id), db)
        var blocks: [ID<Conversation>: [BlockRow]] = [:]
        for row in rows {
            let own = isolated[row.id] ?? []
            blocks[row.id] = (shared[row.agentID] ?? []).map { block in
                own.first { $0.label == block.label }?.block ?? block
            }
        }
        return blocks
    }

    /// The same for one conversation, as the result rows that a turn reads.
    static func blockRows(
        of id: ID<Conversation>, with agent: ID<AgentState>, _ db: Transaction
    ) throws -> [SQLRow] {
        let own = try isolatedBlocks(of: [id], db)[id] ?? []
        return try AgentBlockStore.rows(of: [agent], db).map { block in
            let label: String = try block["label"]
            return own.first { $0.label == label }?.row ?? block
        }
    }

    static func deleteIsolatedBlocks(of conversation: ID<Conversation>, _ db: Transaction) throws {
        try deleteBlocks(
            """
            SELECT block_id FROM conversation_block
            WHERE organization_id = \(db.organization) AND conversation_id = \(conversation)
            """, db)
    }

    static func deleteIsolatedBlocks(ofAgent agent: ID<AgentState>, _ db: Transaction) throws {
        try deleteBlocks(
            """
            SELECT isolated.block_id FROM conversation
            JOIN conversation_block AS isolated ON isolated.organization_id = conversation.organization_id
                AND isolated.conversation_id = conversation.id
            WHERE conversation.organization_id = \(db.organization) AND conversation.agent_id = \(agent)
            """, db)
    }

    private static func deleteBlocks(_ ids: SQLText, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: BlockStore.table, where: "id IN (\(ids))", db)
        try db.execute("DELETE FROM block WHERE organization_id = \(db.organization) AND id IN (\(ids))")
    }
}
