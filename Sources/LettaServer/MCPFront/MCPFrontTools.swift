import JSON
import LettaAPI

/// What MCP clients can do with the agents of their organization.
struct MCPFrontTools: Sendable {
    enum Tool: String, Sendable, CaseIterable {
        case listAgents = "list_agents"
        case sendMessage = "send_message"
        case listBlocks = "list_blocks"
        case updateBlock = "update_block"
        case searchMemory = "search_memory"
    }

    let agents: AgentService
    let turns: TurnService
    let memory: CoreMemoryService
    let archival: ArchivalMemoryService

    static let definitions = Tool.allCases.map(\.definition)

    func run(_ tool: Tool, _ arguments: JSONObject, as scope: Scope) async throws -> String {
        switch tool {
        case .listAgents: try await list(arguments, as: scope)
        case .sendMessage: try await send(arguments, as: scope)
        case .listBlocks: try await blocks(arguments, as: scope)
        case .updateBlock: try await update(arguments, as: scope)
        case .searchMemory: try await search(arguments, as: scope)
        }
    }

    private func list(_ arguments: JSONObject, as scope: Scope) async throws -> String {
        var query = ListAgents()
        query.filter.queryText = arguments["query"]?.string
        query.after = arguments["after"]?.string
        query.limit = 50
        let page = try await agents.list(query, with: [], as: scope)
        let list = page.items.map { agent -> JSONValue in
            [
                "id": .string(agent.id.rawValue), "name": .string(agent.name),
                "description": agent.description.map { .string($0) } ?? .null,
            ]
        }
        return JSONWriter.string(
            of: ["agents": .array(list), "next": page.next.map { .string($0) } ?? .null] as JSONValue)
    }

    private func send(_ arguments: JSONObject, as scope: Scope) async throws -> String {
        let agent = try Self.agent(arguments)
        let response = try await turns.send(
            SendMessages(try Self.text("message", arguments)), to: agent, as: scope)
        var reader = FrontReader()
        var text = ""
        for message in response.messages { text += reader.text(of: try message.fields()) ?? "" }
        text += reader.text(of: response.stopReason.stopReason) ?? ""
        return text.isEmpty
            ? "The agent said nothing (stop reason: \(response.stopReason.stopReason.rawValue))." : text
    }

    private func blocks(_ arguments: JSONObject, as scope: Scope) async throws -> String {
        let page = try await memory.list(of: try Self.agent(arguments), ListRelated(), as: scope)
        let blocks = page.items.map { block -> JSONValue in
            [
                "label": block.label.map { .string($0) } ?? .null, "value": .string(block.value),
                "description": block.description.map { .string($0) } ?? .null, "limit": .int(Int64(block.limit)),
                "read_only": .bool(block.readOnly),
            ]
        }
        return JSONWriter.string(of: JSONValue.array(blocks))
    }

    private func update(_ arguments: JSONObject, as scope: Scope) async throws -> String {
        let (agent, label) = (try Self.agent(arguments), try Self.text("label", arguments))
        var change = UpdateBlock()
        change.value = .set(BlockValue(try Self.text("value", arguments)))
        guard try await !memory.retrieve(label, of: agent, as: scope).readOnly else {
            throw APIError(400, "Block '\(label)' is read-only.")
        }
        return try await memory.update(label, of: agent, applying: change, as: scope).value
    }

    private func search(_ arguments: JSONObject, as scope: Scope) async throws -> String {
        var query = SearchArchivalMemory(try Self.text("query", arguments))
        query.topK = arguments["limit"]?.int.map { Int(min(max($0, 1), 100)) }
        return JSONWriter.string(
            of: try await archival.search(query, of: try Self.agent(arguments), as: scope))
    }

    // MARK: Arguments

    private static func agent(_ arguments: JSONObject) throws -> ID<AgentState> {
        let id = try text("agent_id", arguments)
        guard CapturePattern.id(prefix: AgentState.idPrefix).matches(id) else {
            throw APIError(400, "agent_id is '\(id.prefix(100))'; list_agents shows the ids of agents.")
        }
        return ID(id)
    }

    private static func text(_ name: String, _ arguments: JSONObject) throws -> String {
        guard let text = arguments[name]?.string else {
            throw APIError(400, "The argument '\(name)' is missing or no text.")
        }
        return text
    }
}

extension MCPFrontTools.Tool {
    fileprivate var definition: JSONValue {
        var properties: JSONObject = [:]
        for (name, type, description) in parameters {
            properties[name] = ["type": .string(type), "description": .string(description)]
        }
        return [
            "name": .string(rawValue), "description": .string(summary),
            "inputSchema": [
                "type": "object", "properties": .object(properties), "required": .array(required.map { .string($0) }),
                "additionalProperties": false,
            ],
            "annotations": [
                "readOnlyHint": .bool(self != .sendMessage && self != .updateBlock),
                "openWorldHint": .bool(self == .sendMessage),
            ],
        ]
    }

    private var summary: String {
        switch self {
        case .listAgents: "Lists agents with their ids, newest first, 50 at a time."
        case .sendMessage: "Sends a message to an agent and returns its answer. The agent remembers the conversation."
        case .listBlocks: "Reads the memory blocks that an agent always sees."
        case .updateBlock: "Replaces the text of a memory block of an agent."
        case .searchMemory: "Searches the long-term memory of an agent."
        }
    }

    private var required: [String] {
        switch self {
        case .listAgents: []
        case .sendMessage: ["agent_id", "message"]
        case .listBlocks: ["agent_id"]
        case .updateBlock: ["agent_id", "label", "value"]
        case .searchMemory: ["agent_id", "query"]
        }
    }

    private var parameters: [(name: String, type: String, description: String)] {
        let agent = ("agent_id", "string", "The agent's id, as list_agents shows it.")
        return switch self {
        case .listAgents:
            [
                ("query", "string", "A part of the agents' names. Left out: all agents."),
                ("after", "string", "The `next` of the list before."),
            ]
        case .sendMessage: [agent, ("message", "string", "What the agent is told.")]
        case .listBlocks: [agent]
        case .updateBlock:
            [agent, ("label", "string", "The block's label."), ("value", "string", "The whole new text.")]
        case .searchMemory:
            [
                agent, ("query", "string", "What to look for."),
                ("limit", "integer", "The most memories to return, up to 100. Left out: 10."),
            ]
        }
    }
}
