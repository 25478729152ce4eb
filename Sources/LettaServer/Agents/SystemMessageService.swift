import AgentEngine
import JSON
import LettaAPI
import Storage

/// Keeps the system message of agents in step with what it is made from.
///
/// Whoever changes a block, an attachment, rules or the system text calls this inside the same
/// transaction, so that no reader ever sees a prompt that lags behind the memory.
enum SystemMessageService {
    /// What the time line of a rewritten message says.
    enum TimeLine {
        case kept
        case renewed(Timestamp)
    }

    /// Rewrites the system messages of all these agents in place: the messages keep their ids.
    /// An agent whose context has no system message is left alone.
    static func refresh(
        _ agents: [ID<AgentState>], _ timeLine: TimeLine = .kept, at now: Timestamp, _ db: Transaction
    ) throws {
        // Locked before the blocks are read: of two changes at once the later one sees the blocks of both.
        let rows = try AgentStore.rowsForUpdate(agents, db)
        let blocks = try AgentBlockStore.blocks(of: agents, db)
        for var row in rows {
            guard let message = try MessageStore.systemMessage(of: row.id, db) else { continue }
            if case .renewed(let time) = timeLine {
                row.systemCompiledAt = time
                try AgentStore.update(row, db)
            }
            let compiled = try compile(row, blocks: blocks[row.id] ?? [], db)
            try MessageStore.rewrite(message.id, content: MessageRow.content([.text(compiled.text)]), at: now, db)
        }
    }

    /// The system message an agent should have now, with the time that its row tells.
    static func compile(_ row: AgentRow, blocks: [BlockRow], _ db: Transaction) throws -> CompiledContext {
        let inContext = try MessageStore.contextIDs(of: [row.id], db)[row.id]?.count ?? 0
        return try compile(
            row, blocks: blocks, archival: try ArchivalMemoryService.summary(of: row.id, db),
            previousMessages: max(0, row.nextMessagePosition - inContext))
    }

    static func compile(
        _ row: AgentRow, blocks: [BlockRow], archival: ArchivalSummary, previousMessages: Int
    ) throws -> CompiledContext {
        var input = ContextInput(
            kind: AgentKind(rawValue: row.agentType.rawValue) ?? .standard, system: row.system,
            agentID: row.id.rawValue, compiledAt: row.systemCompiledAt.microseconds,
            modelEndpointType: try row.llmConfig.json.value()["model_endpoint_type"]?.string ?? "")
        input.blocks = blocks.map(\.memoryBlock)
        input.toolRules = try row.rules()
        input.zone = row.timezone
        input.previousMessages = previousMessages
        input.archivalPassages = archival.count
        input.archivalTags = archival.tags
        return ContextCompiler.compile(input)
    }
}
