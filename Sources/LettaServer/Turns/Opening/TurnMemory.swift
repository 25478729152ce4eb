import AgentEngine
import JSON
import LettaAPI
import Storage

/// The blocks in sight of a turn: those of the agent, with the ones that its conversation isolates in their places, and
/// those of the identity that speaks.
///
/// Blocks of other identities are out of sight of a turn with an identity, also while they are attached to the agent.
struct TurnMemory: Sendable {
    let agent: ID<AgentState>
    /// Nil for the agent's own.
    let conversation: ID<Conversation>?
    let identity: Identity?

    /// How the documentation has clients name the block of a user before they attach it to an agent.
    private static let personaPrefix = "Persona_"

    /// - Parameter project: of the agent; it decides between identities with the same key.
    /// - Throws: `APIError` 404 for an unknown identity.
    init(for request: TurnRequest, project: String?, _ db: Transaction) throws {
        agent = request.agent
        conversation = request.conversation
        identity = try request.identity.map { name in
            guard let identity = try IdentityStore.find(named: name, project: project, db) else {
                throw APIError(
                    404, "Identity '\(name)' not found. Name an identity by its id or its identifier_key.")
            }
            return identity
        }
    }

    /// What an agent sees in no conversation and with nobody who speaks.
    init(of agent: ID<AgentState>) {
        self.agent = agent
        conversation = nil
        identity = nil
    }

    // MARK: Reading

    /// The blocks as result rows, each label once.
    func rows(_ db: Transaction) throws -> [SQLRow] {
        let shared = try sharedRows(db)
        guard let identity else { return shared }
        let own = try IdentityStore.blockRows(of: identity.id, db)
        let ownIDs = Set(try own.map { row -> ID<Block> in try row["id"] })
        let foreign = try foreignIDs(among: shared, identity, db).subtracting(ownIDs)
        var rows: [SQLRow] = []
        var places: [String: Int] = [:]
        for row in shared where !foreign.contains(try row["id"]) {
            places[try row["label"]] = rows.count
            rows.append(row)
        }
        var replaced: Set<String> = []
        for row in own where replaced.insert(try row["label"]).inserted {
            if let place = places[try row["label"]] {
                rows[place] = row
            } else {
                rows.append(row)
            }
        }
        return rows
    }

    func blocks(_ db: Transaction) throws -> [BlockRow] {
        try rows(db).map { try BlockRow($0) }
    }

    func block(labelled label: String, _ db: Transaction) throws -> ID<Block>? {
        guard conversation != nil || identity != nil else {
            return try AgentBlockStore.block(labelled: label, of: agent, db)
        }
        return try rows(db).first { try $0["label"] == label }.map { try $0["id"] }
    }

    /// What everybody sees who talks with the agent in this conversation.
    private func sharedRows(_ db: Transaction) throws -> [SQLRow] {
        guard let conversation else { return try AgentBlockStore.rows(of: [agent], db) }
        return try ConversationStore.blockRows(of: conversation, with: agent, db)
    }

    /// The blocks of other identities: those they are linked to, and those named after them.
    private func foreignIDs(
        among rows: [SQLRow], _ identity: Identity, _ db: Transaction
    ) throws -> Set<ID<Block>> {
        let blocks = try rows.map { row -> (id: ID<Block>, label: String) in (try row["id"], try row["label"]) }
        let users = blocks.compactMap { Self.user(of: $0.label) }
        let others = try IdentityStore.names(among: users, besides: identity.id, db)
            .subtracting([identity.name, identity.identifierKey])
        let personas = blocks.filter { Self.user(of: $0.label).map(others.contains) ?? false }.map(\.id)
        return try IdentityStore.held(among: blocks.map(\.id), db).union(personas)
    }

    private static func user(of label: String) -> String? {
        label.hasPrefix(personaPrefix) ? String(label.dropFirst(personaPrefix.count)) : nil
    }

    // MARK: Editing

    /// Attaches a block that the agent created: to the identity that speaks, where there is one.
    func attach(_ block: BlockRow, _ db: Transaction) throws {
        if let identity {
            try IdentityStore.attach(identity.id, to: .blocks, block.id, db)
        } else {
            try CoreMemoryService.attach(block, to: agent, db)
        }
    }

    func detach(_ block: ID<Block>, _ db: Transaction) throws {
        if let identity { try IdentityStore.detach(identity.id, from: .blocks, block, db) }
        _ = try AgentBlockStore.detach(block, from: agent, db)
    }

    /// - Throws: `APIError` for a block that the conversation isolates: without it the shared one would show.
    func checkDeletion(of label: String, _ db: Transaction) throws {
        guard let conversation else { return }
        let isolated = try ConversationStore.isolatedBlocks(of: [conversation], db)[conversation] ?? []
        guard isolated.contains(where: { $0.block.label == label }) else { return }
        throw APIError.conflict("Block '\(label)' belongs to this conversation and can't be deleted. Empty it instead.")
    }

    // MARK: System message

    /// Rewrites the stored system message if the shared blocks have changed since it was compiled.
    ///
    /// The caller holds locks on the agent's row and on the conversation's.
    func resolveSystemMessage(at time: Timestamp, _ db: Transaction) throws {
        guard let conversation else { return try SystemMessageService.resolve(agent, at: time, db) }
        try ConversationSystemMessage.resolve(try ConversationService.row(conversation, db), at: time, db)
    }

    /// The system message of the turn; nil when the context starts with another message.
    func systemMessage(_ db: Transaction) throws -> TurnMessage? {
        try ownSystemMessage(db) ?? storedSystemMessage(db)?.turnMessage()
    }

    /// The stored system message with the identity's blocks in it; nil for a turn without an identity.
    func ownSystemMessage(_ db: Transaction) throws -> TurnMessage? {
        // One that belongs to a run is a client's.
        guard identity != nil, let stored = try storedSystemMessage(db), stored.runID == nil,
            var agent = try AgentStore.row(agent, db)
        else { return nil }
        let size: Int?
        if let conversation {
            agent.systemCompiledAt = try ConversationService.row(conversation, db).systemCompiledAt
            size = try ConversationMessageStore.contextSizes(of: [conversation], db)[conversation]
        } else {
            size = try SystemMessageStore.contextSizes(of: [agent.id], db)[agent.id]
        }
        let archival = try ArchivalSummaryStore.summaries(of: [agent.id], db)[agent.id] ?? ArchivalSummary()
        let compiled = try SystemMessageService.compile(
            agent, conversation: conversation, blocks: try blocks(db), archival: archival,
            folders: try AgentFolderService.attachedFolders(of: [agent], db)[agent.id] ?? [],
            previousMessages: max(0, agent.nextMessagePosition - (size ?? 0)))
        var message = try stored.turnMessage()
        message.parts = [.text(compiled.context.text)]
        return message
    }

    private func storedSystemMessage(_ db: Transaction) throws -> MessageRow? {
        guard let conversation else { return try MessageStore.systemMessage(of: agent, db) }
        return try ConversationMessageStore.systemMessage(of: conversation, db)
    }
}

extension SendMessages {
    /// The id or the key of the identity that speaks; nil for none.
    ///
    /// - Throws: `APIError` 422 when the messages name several.
    func speaker() throws -> String? {
        let named = ([identityID] + (messages ?? []).said.map(\.identityID)).compactMap { $0 }.withoutDuplicates
        guard named.count < 2 else {
            throw APIError.invalidField(
                "identity_id", "the messages of a turn can name one identity", input: .string(named[1]))
        }
        try KeyText.check("identity_id", named)
        return named.first
    }
}
