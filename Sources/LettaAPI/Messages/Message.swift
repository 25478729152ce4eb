public import JSON

/// Who speaks in a message.
public enum MessageRole: String, Codable, Sendable, CaseIterable, JSONWritable {
    case system, user, assistant, tool
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
    /// The identity that speaks, by its id or its key.
    public var identityID: String?

    public init(role: Role, content: String) {
        self.role = role
        self.content = .text(content)
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
public struct Message: Resource, Codable, Sendable, JSONWritable {
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
    public var updatedAt: Timestamp?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var stepID: ID<Step>?
    public var runID: ID<Run>?
    public var groupID: ID<Group>?
    public var conversationID: ID<Conversation>?
    public var senderID: String?
    public var batchItemID: String?
    public var toolReturns: [JSONValue]? = []
    public var isErr: Bool?
    public var approvalRequestID: String?
    public var approve: Bool?
    public var denialReason: String?
    public var approvals: [JSONValue]?

    public init(id: ID<Message>, agentID: ID<AgentState>, role: MessageRole, content: RawJSON, createdAt: Timestamp) {
        self.id = id
        self.agentID = agentID
        self.role = role
        self.content = content
        self.createdAt = createdAt
    }
}
