public import JSON

/// Who speaks in a message.
public enum MessageRole: String, Codable, Sendable, CaseIterable, JSONWritable {
    case system, user, assistant, tool

    public func write(to writer: inout JSONWriter) {
        writer.value(rawValue)
    }
}

/// A message given by a client.
public struct CreateMessage: Codable, Sendable {
    /// Who may speak in a message that a client makes.
    public enum Role: String, Codable, Sendable, CaseIterable {
        case user, system, assistant
    }

    public var role: Role
    public var content: MessageContent
    public var name: String?
    public var otid: String?
    public var senderID: String?

    public init(role: Role, content: String) {
        self.role = role
        self.content = .text(content)
    }

    enum CodingKeys: String, CodingKey {
        case role, content, name, otid
        case senderID = "sender_id"
    }
}

/// What a message says: plain text, or parts of which some may be images.
public enum MessageContent: Codable, Sendable {
    case text(String)
    case parts([JSONValue])

    public init(from decoder: any Decoder) throws {
        switch try JSONValue(from: decoder) {
        case .string(let text): self = .text(text)
        case .array(let parts): self = .parts(parts)
        default:
            throw DecodingError.typeMismatch(
                String.self, .init(codingPath: decoder.codingPath, debugDescription: "neither text nor parts"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .parts(let parts): try container.encode(parts)
        }
    }

    /// The text of all text parts, a line each.
    public var text: String {
        switch self {
        case .text(let text): text
        case .parts(let parts): parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
        }
    }
}

/// A stored message as the context view shows it: the whole of it, not the events made from it.
public struct Message: Resource, Decodable, Sendable, JSONWritable {
    public static let idPrefix = "message"

    public var id: ID<Message>
    public var agentID: ID<AgentState>
    public var role: MessageRole
    public var model: String?
    /// A list of parts: `{"type": "text", "text": …}` and others.
    public var content: RawJSON
    public var name: String?
    public var toolCalls: RawJSON?
    public var toolCallID: String?
    public var otid: String?
    public var createdAt: Timestamp

    public init(id: ID<Message>, agentID: ID<AgentState>, role: MessageRole, content: RawJSON, createdAt: Timestamp) {
        self.id = id
        self.agentID = agentID
        self.role = role
        self.content = content
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, role, model, content, name, otid
        case agentID = "agent_id"
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case createdAt = "created_at"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("created_by_id", JSONValue.null)
            $0.field("last_updated_by_id", JSONValue.null)
            $0.field("created_at", createdAt)
            $0.field("updated_at", JSONValue.null)
            $0.field("id", id)
            $0.field("agent_id", agentID)
            $0.field("model", model)
            $0.field("role", role)
            $0.field("content", content)
            $0.field("name", name)
            $0.field("tool_calls", toolCalls)
            $0.field("tool_call_id", toolCallID)
            $0.field("step_id", JSONValue.null)
            $0.field("run_id", JSONValue.null)
            $0.field("otid", otid)
            $0.field("tool_returns", [JSONValue]())
            $0.field("group_id", JSONValue.null)
            $0.field("sender_id", JSONValue.null)
            $0.field("batch_item_id", JSONValue.null)
            $0.field("conversation_id", JSONValue.null)
            $0.field("is_err", JSONValue.null)
            $0.field("approval_request_id", JSONValue.null)
            $0.field("approve", JSONValue.null)
            $0.field("denial_reason", JSONValue.null)
            $0.field("approvals", JSONValue.null)
        }
    }
}
