import JSON
import LettaAPI
import Storage

/// A row of table `message`.
struct MessageRow: Sendable {
    var id: ID<Message>
    var agentID: ID<AgentState>
    /// Counts up from 0 for each agent; never given twice.
    var position: Int
    var role: MessageRole
    /// A list of parts.
    var content: RawJSON
    var name: String?
    var model: String?
    var toolCalls: RawJSON?
    var toolCallID: String?
    var otid: String?
    var createdAt: Timestamp

    static let columns: SQLText = """
        message.id, message.agent_id, message.position, message.role, message.content, message.name, message.model,
        message.tool_calls, message.tool_call_id, message.otid, message.created_at
        """

    init(
        id: ID<Message>, agentID: ID<AgentState>, position: Int, role: MessageRole, content: RawJSON,
        createdAt: Timestamp
    ) {
        self.id = id
        self.agentID = agentID
        self.position = position
        self.role = role
        self.content = content
        self.createdAt = createdAt
    }

    init(_ row: SQLRow) throws(SQLFailure) {
        id = try row["id"]
        agentID = try row["agent_id"]
        position = try row["position"]
        role = try row["role"]
        content = try row["content"]
        name = try row["name"]
        model = try row["model"]
        toolCalls = try row["tool_calls"]
        toolCallID = try row["tool_call_id"]
        otid = try row["otid"]
        createdAt = try row["created_at"]
    }

    var wire: Message {
        var message = Message(id: id, agentID: agentID, role: role, content: content, createdAt: createdAt)
        message.name = name
        message.model = model
        message.toolCalls = toolCalls
        message.toolCallID = toolCallID
        message.otid = otid
        return message
    }

    /// Content that is nothing but texts.
    static func content(texts: [String]) -> RawJSON {
        RawJSON(JSONValue.array(texts.map { ["type": "text", "text": .string($0), "signature": nil] }))
    }
}

/// Tables `message` and `context_message`: all that was said, and which of it the model sees.
enum MessageStore {
    static func insert(_ messages: [MessageRow], in scope: Scope, _ db: any SQLExecutor) throws {
        for message in messages {
            try db.execute(
                """
                INSERT INTO message (
                    organization_id, id, agent_id, position, role, content, name, model, tool_calls, tool_call_id, otid,
                    created_at, updated_at)
                VALUES (
                    \(scope.organization), \(message.id), \(message.agentID), \(message.position), \(message.role),
                    \(message.content), \(message.name), \(message.model), \(message.toolCalls),
                    \(message.toolCallID), \(message.otid), \(message.createdAt), \(message.createdAt))
                """)
        }
    }

    static func rewrite(
        _ id: ID<Message>, content: RawJSON, at time: Timestamp, in scope: Scope, _ db: any SQLExecutor
    ) throws {
        try db.execute(
            """
            UPDATE message SET content = \(content), updated_at = \(time)
            WHERE organization_id = \(scope.organization) AND id = \(id)
            """)
    }

    // MARK: Context

    /// Makes these messages the context, in this order.
    static func replaceContext(
        of agent: ID<AgentState>, with messages: [ID<Message>], in scope: Scope, _ db: any SQLExecutor
    ) throws {
        try db.execute(
            "DELETE FROM context_message WHERE organization_id = \(scope.organization) AND agent_id = \(agent)")
        for (position, message) in messages.enumerated() {
            try db.execute(
                """
                INSERT INTO context_message (organization_id, agent_id, position, message_id)
                VALUES (\(scope.organization), \(agent), \(position), \(message))
                """)
        }
    }

    /// The ids of the messages in the context of each agent, in order.
    static func contextIDs(
        of agents: [ID<AgentState>], in scope: Scope, _ db: any SQLExecutor
    ) throws -> [ID<AgentState>: [String]] {
        guard !agents.isEmpty else { return [:] }
        var ids: [ID<AgentState>: [String]] = [:]
        let rows = try db.rows(
            """
            SELECT agent_id, message_id FROM context_message
            WHERE organization_id = \(scope.organization) AND agent_id IN (\(list: agents))
            ORDER BY agent_id, position
            """)
        for row in rows { ids[try row["agent_id"], default: []].append(try row["message_id"]) }
        return ids
    }

    /// The messages in an agent's context, in order.
    static func context(
        of agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> [MessageRow] {
        try db.rows(
            """
            SELECT \(MessageRow.columns) FROM context_message
            JOIN message ON message.organization_id = context_message.organization_id
                AND message.id = context_message.message_id
            WHERE context_message.organization_id = \(scope.organization) AND context_message.agent_id = \(agent)
            ORDER BY context_message.position
            """
        ).map { try MessageRow($0) }
    }

    /// The system message at the head of the context; nil when the context begins otherwise.
    static func systemMessage(
        of agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> MessageRow? {
        let first = try db.row(
            """
            SELECT \(MessageRow.columns) FROM context_message
            JOIN message ON message.organization_id = context_message.organization_id
                AND message.id = context_message.message_id
            WHERE context_message.organization_id = \(scope.organization) AND context_message.agent_id = \(agent)
            ORDER BY context_message.position LIMIT 1
            """
        ).map { try MessageRow($0) }
        return first?.role == .system ? first : nil
    }

    /// How many of the ids name messages of the agent.
    static func countOwned(
        _ ids: [ID<Message>], by agent: ID<AgentState>, in scope: Scope, _ db: any SQLExecutor
    ) throws -> Int {
        guard !ids.isEmpty else { return 0 }
        return try db.value(
            """
            SELECT COUNT(*) FROM message
            WHERE organization_id = \(scope.organization) AND agent_id = \(agent) AND id IN (\(list: ids))
            """) ?? 0
    }
}
