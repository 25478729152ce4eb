import AgentEngine
import JSON
import LettaAPI
import Storage

/// Keeps the system messages of agents consistent with what they are compiled from.
///
/// A stored system message names its blocks with their versions. Whoever uses one compares them with the agent's
/// current blocks: ``resolve(_:at:_:)`` in a write transaction, ``current(_:_:)`` in a read transaction. So a change of
/// a block writes nothing for the agents that share it, and no reader sees a prompt with stale blocks. System text, tool
/// rules and time zone belong to one agent: whoever changes them calls ``refresh(_:_:at:_:)``, which has the system
/// messages of its conversations recompiled by their next readers, too. Folders and files may belong to many
/// agents: whoever changes them calls ``AgentFolderService/filesChanged(of:_:)``, which leaves the rewriting to the next
/// readers. The counts of messages and archival passages are those of the last compilation, as with the peer.
enum SystemMessageService {
    /// How a rewrite treats the time line of the message.
    enum TimeLine {
        case kept
        case renewed(Timestamp)
    }

    /// A compiled text and the blocks in it.
    struct Compiled: Sendable {
        let context: CompiledContext
        let blocks: [BlockRow]

        var content: RawJSON { MessageRow.content([.text(context.text)]) }
    }

    // MARK: Stored messages

    /// Rewrites the agent's system message in place if the agent's blocks have changed since it was compiled.
    ///
    /// The caller holds a lock on the agent's row.
    static func resolve(_ agent: ID<AgentState>, at now: Timestamp, _ db: Transaction) throws {
        guard let head = try SystemMessageStore.head(of: agent, db), head.isStale,
            let row = try AgentStore.row(agent, db)
        else { return }
        try rewrite(head.message, of: row, at: now, db)
    }

    /// Rewrites the agent's system message in place. Does nothing for a context without one.
    static func refresh(
        _ agent: ID<AgentState>, _ timeLine: TimeLine = .kept, at now: Timestamp, _ db: Transaction
    ) throws {
        guard var row = try AgentStore.rowForUpdate(agent, db) else { return }
        try ConversationMessageStore.invalidateHeads(of: [agent], db)
        guard let head = try SystemMessageStore.head(of: agent, db) else { return }
        if case .renewed(let time) = timeLine {
            row.systemCompiledAt = time
            try AgentStore.update(row, db)
        }
        try rewrite(head.message, of: row, at: now, db)
    }

    private static func rewrite(
        _ message: ID<Message>, of row: AgentRow, at now: Timestamp, _ db: Transaction
    ) throws {
        let compiled = try compile(row, db)
        try SystemMessageStore.rewrite(message, content: compiled.content, from: compiled.blocks, at: now, db)
    }

    /// The messages, with each stale system message replaced by its recompiled text. Stores nothing.
    static func current(_ messages: [MessageRow], _ db: Transaction) throws -> [MessageRow] {
        let messages = try ConversationSystemMessage.current(messages, db)
        let heads = try SystemMessageStore.heads(
            among: messages.filter { $0.role == .system && $0.conversationID == nil }.map(\.id), db)
        let stale = heads.filter(\.isStale)
        guard !stale.isEmpty else { return messages }
        let compiled = try compile(try db.fetch(AgentStore.table, stale.map(\.agent)), db)
        let texts = Dictionary(uniqueKeysWithValues: stale.map { ($0.message, compiled[$0.agent]) })
        return messages.map { message in
            guard let text = texts[message.id] ?? nil else { return message }
            var message = message
            message.content = text.content
            return message
        }
    }

    // MARK: Compiling

    /// The current system message of an agent, with the time of its row.
    static func compile(_ row: AgentRow, _ db: Transaction) throws -> Compiled {
        guard let compiled = try compile([row], db)[row.id] else { throw APIError.notFound("Agent", row.id) }
        return compiled
    }

    /// The current system message of each of the agents, in a number of statements that does not depend on theirs.
    private static func compile(_ rows: [AgentRow], _ db: Transaction) throws -> [ID<AgentState>: Compiled] {
        let ids = rows.map(\.id)
        let blocks = try AgentBlockStore.blocks(of: ids, db)
        let sizes = try SystemMessageStore.contextSizes(of: ids, db)
        let archival = try ArchivalSummaryStore.summaries(of: ids, db)
        let folders = try AgentFolderService.attachedFolders(of: rows, db)
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                let compiled = try compile(
                    row, blocks: blocks[row.id] ?? [], archival: archival[row.id] ?? ArchivalSummary(),
                    folders: folders[row.id] ?? [],
                    previousMessages: max(0, row.nextMessagePosition - (sizes[row.id] ?? 0)))
                return (row.id, compiled)
            })
    }

    /// - Parameter conversation: nil for the agent's own.
    static func compile(
        _ row: AgentRow, conversation: ID<Conversation>? = nil, blocks: [BlockRow], archival: ArchivalSummary,
        folders: [AttachedFolder] = [], previousMessages: Int
    ) throws -> Compiled {
        var input = ContextInput(
            kind: AgentKind(rawValue: row.agentType.rawValue) ?? .standard, system: row.system,
            agentID: row.id.rawValue, compiledAt: row.systemCompiledAt.microseconds,
            modelEndpointType: try row.llmConfig.json.value()["model_endpoint_type"]?.string ?? "")
        if let conversation { input.conversationID = conversation.rawValue }
        input.blocks = blocks.map(\.memoryBlock)
        input.toolRules = try row.rules()
        input.folders = folders
        input.maximumFilesOpen = row.fileLimits.openFiles
        input.zone = row.timezone
        input.previousMessages = previousMessages
        input.archivalPassages = archival.count
        input.archivalTags = archival.tags
        return Compiled(context: ContextCompiler.compile(input), blocks: blocks)
    }
}
