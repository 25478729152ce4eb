import AgentEngine
import JSON
import LettaAPI
import Storage

/// The tools attached to one agent, and their approval rules.
struct AgentToolService: Sendable {
    let core: Core

    /// The tools of an agent in the order of attachment; 10 by default, as with the peer.
    func list(of agent: ID<AgentState>, _ query: ListRelated, as scope: Scope) async throws -> Page<Tool> {
        let request = try PageRequest(query, defaultLimit: 10, defaultOrder: .ascending)
        return try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
            let tools = try ToolStore.tools(of: [agent], db)[agent] ?? []
            return request.page(of: tools) { $0.id.rawValue }
        }
    }

    /// Attaches the tool; one that needs approval by default gets a rule for it.
    func attach(_ tool: ID<Tool>, to agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var row = try Self.row(agent, db)
            guard let found = try db.fetch(ToolStore.table, tool) else {
                throw APIError.notFound("Tool", tool)
            }
            try ToolStore.attach(tool, to: agent, db)
            if found.defaultRequiresApproval == true {
                let rules = try row.rules() + [ToolRule(tool: found.name, .requiresApproval)]
                row.toolRules = RawJSON(JSONValue.array(rules.withoutDuplicates.map(\.json)))
            }
            return try Self.touch(row, at: time, db)
        }
    }

    func detach(_ tool: ID<Tool>, from agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let row = try Self.row(agent, db)
            guard try db.exists(tool, in: ToolStore.table) else {
                throw APIError.notFound("Tool", tool)
            }
            try ToolStore.detach(tool, from: agent, db)
            return try Self.touch(row, at: time, db)
        }
    }

    /// Adds or removes the approval rule of a tool. The tool need not be attached.
    func setApproval(
        of tool: String, to required: Bool?, for agent: ID<AgentState>, as scope: Scope
    ) async throws -> AgentState {
        guard let required else { throw APIError.missingField("requires_approval") }
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var row = try Self.row(agent, db)
            var rules = try row.rules().filter { !($0.tool == tool && $0.effect == .requiresApproval) }
            if required { rules.append(ToolRule(tool: tool, .requiresApproval)) }
            row.toolRules = RawJSON(JSONValue.array(rules.map(\.json)))
            return try Self.touch(row, at: time, db)
        }
    }

    private static func row(_ agent: ID<AgentState>, _ db: Transaction) throws -> AgentRow {
        guard let row = try AgentStore.rowForUpdate(agent, db) else {
            throw APIError.notFound("Agent", agent)
        }
        return row
    }

    private static func touch(_ row: AgentRow, at time: Timestamp, _ db: Transaction) throws -> AgentState {
        var row = row
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        try AgentStore.update(row, db)
        return try AgentStateStore.state(of: row, db)
    }
}

extension AgentRow {
    /// The tool rules, decoded.
    func rules() throws -> [ToolRule] {
        try toolRules.value().array?.map { try ToolRule(json: $0) } ?? []
    }
}
