import AgentEngine
import JSON
import LettaAPI
import Storage

/// A row of table `message`.
struct MessageRow: Sendable {
    var id: ID<Message>
    var agentID: ID<AgentState>
    /// The conversation that the message was sent in; nil: the agent's own.
    var conversationID: ID<Conversation>?
    /// Counts up from 0 for each agent and is never reused.
    var position: Int
    var role: MessageRole
    /// The parts of the message in the engine's form: texts, calls, results, …
    var content: RawJSON
    /// The text for searches; nil for messages that are neither a user's nor the agent's. Not read back.
    var said: String?
    var name: String?
    var model: String?
    var otid: String?
    var senderID: String?
    var runID: ID<Run>?
    var stepID: ID<Step>?
    var isError: Bool?
    /// Why the model did not get the message as it is.
    var problem: String?
    var createdAt: Timestamp

    static let columns: SQLText = """
        message.id, message.agent_id, message.position, message.role, message.content, message.name, message.model,
        message.otid, message.sender_id, message.run_id, message.step_id, message.is_error, message.created_at,
        message.conversation_id, message.problem
        """

    /// The row of an engine's message.
    init(_ message: TurnMessage, agentID: ID<AgentState>, position: Int, model: String?) {
        id = ID(message.id)
        self.agentID = agentID
        self.position = position
        role = MessageRole(message.role)
        content = Self.content(message.parts)
        said = message.said
        name = message.name
        self.model = model
        otid = message.otid
        senderID = message.senderID
        runID = message.runID.map { ID($0) }
        stepID = message.stepID.map { ID($0) }
        createdAt = Timestamp(microseconds: message.createdAt)
    }

    init(_ row: SQLRow) throws(SQLFailure) {
        id = try row["id"]
        agentID = try row["agent_id"]
        position = try row["position"]
        role = try row["role"]
        content = try row["content"]
        name = try row["name"]
        model = try row["model"]
        otid = try row["otid"]
        senderID = try row["sender_id"]
        runID = try row["run_id"]
        stepID = try row["step_id"]
        isError = try row["is_error"]
        createdAt = try row["created_at"]
        conversationID = try row["conversation_id"]
        problem = try row["problem"]
    }

    static func content(_ parts: [TurnMessage.Part]) -> RawJSON {
        RawJSON(JSONValue.array(parts.map(\.json)))
    }

    /// The message in the engine's form.
    func turnMessage() throws -> TurnMessage {
        var message = TurnMessage(
            id: id.rawValue, role: TurnMessage.Role(role), parts: try Self.parts(content), name: name, otid: otid,
            senderID: senderID, stepID: stepID?.rawValue, runID: runID?.rawValue, createdAt: createdAt.microseconds)
        message.problem = problem
        return message
    }

    /// Parts of unknown kinds are left out.
    fileprivate static func parts(_ content: RawJSON) throws -> [TurnMessage.Part] {
        try content.value().array?.compactMap(TurnMessage.Part.init(json:)) ?? []
    }

    /// The whole message as the context view shows it.
    ///
    /// - Parameter zone: the agent's, for the times in results of tools.
    func wire(in zone: String = "UTC") throws -> Message {
        let turn = try turnMessage()
        let time = ZonedTime.promptTextOrUTC(microseconds: createdAt.microseconds, zone: zone)
        let results = turn.parts.compactMap { part -> JSONValue? in
            if case .toolReturn = part { Self.toolReturn(part.json, at: time) } else { nil }
        }
        let said = turn.parts.filter { part in
            switch part {
            case .text, .image, .reasoning: true
            case .toolCall, .toolReturn, .approval: false
            }
        }
        let shown = said.map(\.json) + results.compactMap { Self.text(of: $0) }
        var message = Message(
            id: id, agentID: agentID, role: role, content: RawJSON(JSONValue.array(shown)), createdAt: createdAt)
        message.name = name
        message.model = model
        message.otid = otid
        message.senderID = senderID
        message.conversationID = conversationID
        message.stepID = stepID
        message.runID = runID
        message.toolReturns = results
        message.toolCallID = turn.toolReturns.first?.callID
        if !turn.toolCalls.isEmpty {
            let calls = turn.toolCalls.map { call -> JSONValue in
                [
                    "id": .string(call.id), "type": "function",
                    "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                ]
            }
            message.toolCalls = RawJSON(JSONValue.array(calls))
        }
        return message
    }

    /// The result in a stored part as the model got it.
    static func toolReturn(_ part: JSONValue, at time: String) -> JSONValue {
        let result = part["result"] ?? .null
        let succeeded = part["status"]?.string == "success"
        let response =
            result.isContentParts ? result : .string(PackedText.toolReturn(result, succeeded: succeeded, time: time))
        return [
            "tool_call_id": part["tool_call_id"] ?? .null, "status": succeeded ? "success" : "error",
            "stdout": part["stdout"] ?? .null, "stderr": part["stderr"] ?? .null, "func_response": response,
        ]
    }

    /// The text part that shows a result; nil for one with images.
    static func text(of toolReturn: JSONValue) -> JSONValue? {
        toolReturn["func_response"]?.string.map { ["type": "text", "text": .string($0), "signature": nil] }
    }
}

extension JSONValue {
    /// Whether this is a list of texts and images, as the result of a tool may be.
    fileprivate var isContentParts: Bool {
        guard case .array(let items) = self, !items.isEmpty else { return false }
        return items.allSatisfy { ["text", "image"].contains($0["type"]?.string) }
    }
}

/// A message in a context as a turn reads it, decoded on demand.
struct ContextRow: Sendable {
    static let columns: SQLText = """
        message.id, message.role, message.content, message.name, message.otid, message.step_id, message.run_id,
        message.created_at, message.problem, message.model
        """

    private let row: SQLRow

    /// - Parameter row: has the ``columns``.
    init(_ row: SQLRow) {
        self.row = row
    }

    func message() throws -> TurnMessage {
        let role: MessageRole = try row["role"]
        let createdAt: Timestamp = try row["created_at"]
        var message = TurnMessage(
            id: try row["id"], role: TurnMessage.Role(role), parts: try MessageRow.parts(try row["content"]),
            name: try row["name"], otid: try row["otid"], stepID: try row["step_id"], runID: try row["run_id"],
            createdAt: createdAt.microseconds)
        message.problem = try row["problem"]
        if role == .assistant { message.model = try row["model"] }
        return message
    }
}

extension MessageRole {
    init(_ role: TurnMessage.Role) {
        self =
            switch role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            }
    }
}

extension TurnMessage.Role {
    init(_ role: MessageRole) {
        self =
            switch role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            }
    }
}
