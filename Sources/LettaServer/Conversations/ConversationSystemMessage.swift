import AgentEngine
import LettaAPI
import Storage

/// Keeps the system messages of conversations consistent with what they are compiled from, as ``SystemMessageService``
/// does for those of agents.
enum ConversationSystemMessage {
    /// Stores the system message of a new conversation, before the messages that it shares.
    ///
    /// The caller holds a lock on the agent's row.
    static func insert(
        _ id: ID<Message>, for row: ConversationRow, of agent: AgentRow, _ db: Transaction
    ) throws {
        guard let position = try TurnStore.takePositions(1, of: agent.id, db),
            let compiled = try compile([row], of: [agent], db)[row.id]
        else { throw APIError.notFound("Agent", agent.id) }
        var message = MessageRow(
            TurnMessage(
                id: id.rawValue, role: .system, parts: [.text(compiled.context.text)],
                createdAt: row.createdAt.microseconds), agentID: agent.id, position: position, model: nil)
        message.conversationID = row.id
        try MessageStore.insert([message], db)
        try ConversationMessageStore.insertSystemMessage(message, in: row.id, db)
        try SystemMessageStore.setSource(of: id, to: compiled.blocks, db)
    }

    /// The messages, with each stale system message of a conversation replaced by its recompiled text. Stores nothing.
    static func current(_ messages: [MessageRow], _ db: Transaction) throws -> [MessageRow] {
        let candidates = messages.filter { $0.role == .system && $0.conversationID != nil }
        guard !candidates.isEmpty else { return messages }
        let heads = try ConversationMessageStore.heads(among: candidates.map(\.id), db)
        let rows = try db.fetch(ConversationStore.table, heads.map(\.conversation))
        let blocks = try ConversationStore.blocks(of: rows, db)
        let stale = heads.filter { head in
            let versions = (blocks[head.conversation] ?? []).map { (id: $0.id, version: $0.version) }
            return head.compiledFrom != SystemMessageStore.source(versions)
        }
        guard !stale.isEmpty else { return messages }
        let ids = Set(stale.map(\.conversation))
        let staleRows = rows.filter { ids.contains($0.id) }
        let agents = try db.fetch(AgentStore.table, staleRows.map(\.agentID).withoutDuplicates)
        let compiled = try compile(staleRows, of: agents, db)
        let texts = Dictionary(uniqueKeysWithValues: stale.map { ($0.message, compiled[$0.conversation]) })
        return messages.map { message in
            guard let text = texts[message.id] ?? nil else { return message }
            var message = message
            message.content = text.content
            return message
        }
    }

    /// Rewrites the system message in place if the blocks in sight have changed since it was compiled.
    ///
    /// The caller holds locks on the agent's row and on the conversation's.
    static func resolve(_ row: ConversationRow, at now: Timestamp, _ db: Transaction) throws {
        guard let head = try ConversationMessageStore.head(of: row.id, db) else { return }
        let blocks = try ConversationStore.blocks(of: [row], db)[row.id] ?? []
        guard head.compiledFrom != SystemMessageStore.source(blocks.map { ($0.id, $0.version) }) else { return }
        _ = try refresh(row, at: now, storing: true, db)
    }

    /// Recompiles the system message and returns its text, with the time of the row.
    static func refresh(
        _ row: ConversationRow, at now: Timestamp, storing: Bool, _ db: Transaction
    ) throws -> String {
        guard let agent = try AgentStore.row(row.agentID, db),
            let compiled = try compile([row], of: [agent], db)[row.id],
            let head = try ConversationMessageStore.head(of: row.id, db)
        else { throw APIError(404, "No system message found for conversation '\(row.id)'") }
        if storing {
            try db.update(row, in: ConversationStore.table)
            try SystemMessageStore.rewrite(
                head.message, content: compiled.content, from: compiled.blocks, at: now, db)
        }
        return compiled.context.text
    }

    /// The current system message of each conversation, in a number of statements that does not depend on theirs.
    static func compile(
        _ rows: [ConversationRow], of agents: [AgentRow], _ db: Transaction
    ) throws -> [ID<Conversation>: SystemMessageService.Compiled] {
        let blocks = try ConversationStore.blocks(of: rows, db)
        let sizes = try ConversationMessageStore.contextSizes(of: rows.map(\.id), db)
        let archival = try ArchivalSummaryStore.summaries(of: agents.map(\.id), db)
        let folders = try AgentFolderService.attachedFolders(of: agents, db)
        var compiled: [ID<Conversation>: SystemMessageService.Compiled] = [:]
        for row in rows {
            guard var agent = agents.first(where: { $0.id == row.agentID }) else { continue }
            agent.systemCompiledAt = row.systemCompiledAt
            compiled[row.id] = try SystemMessageService.compile(
                agent, conversation: row.id, blocks: blocks[row.id] ?? [],
                archival: archival[agent.id] ?? ArchivalSummary(), folders: folders[agent.id] ?? [],
                previousMessages: max(0, agent.nextMessagePosition - (sizes[row.id] ?? 0)))
        }
        return compiled
    }
}
