import JSON
import LettaAPI
import Storage

/// The blocks of one agent, found by their labels.
struct CoreMemoryService: Sendable {
    let core: Core

    func memory(of agent: ID<AgentState>, as scope: Scope) async throws -> Memory {
        try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            let state = try AgentStateStore.state(of: row, with: .blocks, db)
            return Memory(
                agentType: state.agentType, blocks: state.relations.blocks, fileBlocks: state.relations.fileBlocks)
        }
    }

    func variables(of agent: ID<AgentState>, as scope: Scope) async throws -> MemoryVariables {
        try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            return MemoryVariables(
                try JSONDecoding().decode([String: String].self, from: row.memoryVariables.value()))
        }
    }

    /// The blocks of an agent in the order of attachment.
    func list(of agent: ID<AgentState>, _ query: ListRelated, as scope: Scope) async throws -> Page<Block> {
        let request = try PageRequest(query, defaultLimit: 100, defaultOrder: .ascending)
        return request.page(of: try await memory(of: agent, as: scope).blocks) { $0.id.rawValue }
    }

    func retrieve(_ label: String, of agent: ID<AgentState>, as scope: Scope) async throws -> Block {
        try await core.storage.read(as: scope) { db in
            let id = try Self.block(labelled: label, of: agent, db)
            guard let block = try BlockStore.row(id, db) else { throw BlockService.missing(id) }
            return block.wire(tags: try BlockStore.tags(of: [id], db)[id] ?? [])
        }
    }

    func update(
        _ label: String, of agent: ID<AgentState>, applying change: UpdateBlock, as scope: Scope
    ) async throws -> Block {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let id = try Self.block(labelled: label, of: agent, db)
            return try BlockService.update(id, applying: change, by: .user(scope.user), at: time, db)
        }
    }

    func attach(_ block: ID<Block>, to agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        try await core.storage.write(as: scope) { db in
            // Lock order, to avoid deadlocks: blocks before agents.
            let blockRow = try BlockStore.rowForUpdate(block, db)
            guard let agentRow = try AgentStore.rowForUpdate(agent, db) else {
                throw APIError.notFound("Agent", agent)
            }
            guard let blockRow else { throw BlockService.missing(block) }
            try Self.attach(blockRow, to: agent, db)
            return try AgentStateStore.state(of: agentRow, db)
        }
    }

    func detach(_ block: ID<Block>, from agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        try await core.storage.write(as: scope) { db in
            _ = try BlockStore.rowForUpdate(block, db)
            guard let agentRow = try AgentStore.rowForUpdate(agent, db) else {
                throw APIError.notFound("Agent", agent)
            }
            guard try AgentBlockStore.detach(block, from: agent, db) else {
                throw APIError(404, "No block with id '\(block)' found for agent '\(agent)'")
            }
            return try AgentStateStore.state(of: agentRow, db)
        }
    }
}

extension CoreMemoryService {
    /// Attaches a block; labels are unique within an agent.
    ///
    /// - Throws: `APIError` 409 when the agent has another block with the label.
    static func attach(_ block: BlockRow, to agent: ID<AgentState>, _ db: Transaction) throws {
        let holder = try AgentBlockStore.block(labelled: block.label, of: agent, db)
        guard holder == nil || holder == block.id else { throw isTaken(block.label, agent) }
        try AgentBlockStore.attach(block.id, label: block.label, to: agent, db)
    }

    /// Attaches all of the blocks to each of the agents, which the caller has locked.
    ///
    /// - Throws: `APIError` 409 when an agent has another block with one of the labels.
    static func attach(_ blocks: [BlockRow], to agents: [ID<AgentState>], _ db: Transaction) throws {
        guard !blocks.isEmpty, !agents.isEmpty else { return }
        let present = Dictionary(grouping: try AgentBlockStore.attachments(of: agents, db), by: \.agent)
        var new: [AgentBlockStore.Attachment] = []
        for agent in agents {
            let old = present[agent] ?? []
            var holders = Dictionary(uniqueKeysWithValues: old.map { ($0.label, $0.block) })
            var position = (old.map(\.position).max() ?? -1) + 1
            for block in blocks where holders[block.label] != block.id {
                guard holders.updateValue(block.id, forKey: block.label) == nil else {
                    throw isTaken(block.label, agent)
                }
                new.append(.init(agent: agent, block: block.id, label: block.label, position: position))
                position += 1
            }
        }
        try AgentBlockStore.insert(new, db)
    }

    private static func isTaken(_ label: String, _ agent: ID<AgentState>) -> APIError {
        .conflict(
            "Agent \(agent) has another block with the label '\(label)' already. "
                + "Detach it or give one of them another label.")
    }

    private static func block(labelled label: String, of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Block> {
        if let id = try AgentBlockStore.block(labelled: label, of: agent, db) { return id }
        guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
        throw APIError(404, "No block with label '\(label)' found for agent '\(agent)'")
    }
}
