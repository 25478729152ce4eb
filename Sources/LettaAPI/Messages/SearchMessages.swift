public import JSON

/// Which messages are looked for. What users and agents said is searched, by its words.
public struct SearchMessages: Codable, Sendable {
    /// Left out: everything that was said.
    public var query: String?
    public var agentID: String?
    /// Left out: users and agents.
    public var roles: [MessageRole]?
    /// Days and times are included; a day means the whole of it.
    public var startDate: String?
    public var endDate: String?
    /// Left out: 50.
    public var limit: Int?

    public init(_ query: String) {
        self.query = query
    }

    enum CodingKeys: String, CodingKey {
        case query, roles, limit
        case agentID = "agent_id"
        case startDate = "start_date"
        case endDate = "end_date"
    }
}

/// A message that was found.
public struct FoundMessage: Codable, Sendable, JSONWritable {
    public var messageID: ID<Message>
    public var agentID: ID<AgentState>
    /// `user_message` or `assistant_message`.
    public var messageType: String
    /// Text, or the list of parts.
    public var content: JSONValue
    public var createdAt: Timestamp

    public init(
        messageID: ID<Message>, agentID: ID<AgentState>, messageType: String, content: JSONValue, createdAt: Timestamp
    ) {
        self.messageID = messageID
        self.agentID = agentID
        self.messageType = messageType
        self.content = content
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case content
        case messageID = "message_id"
        case agentID = "agent_id"
        case messageType = "message_type"
        case createdAt = "created_at"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("message_id", messageID)
            $0.field("message_type", messageType)
            $0.field("content", content)
            $0.field("agent_id", agentID)
            $0.field("conversation_id", JSONValue.null)
            $0.field("created_at", createdAt)
        }
    }
}

/// A message that was found, in the form that the first generation of clients reads.
public struct RankedMessage: Decodable, Sendable, JSONWritable {
    public var text: String
    public var message: Message
    /// Counts from 1.
    public var rank: Int

    public init(text: String, message: Message, rank: Int) {
        self.text = text
        self.message = message
        self.rank = rank
    }

    enum CodingKeys: String, CodingKey {
        case message
        case text = "embedded_text"
        case rank = "fts_rank"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("embedded_text", text)
            $0.field("message", message)
            $0.field("fts_rank", rank)
            $0.field("vector_rank", JSONValue.null)
            // The customary weight of a place in a list that is not mixed with another one.
            $0.field("rrf_score", 1 / Double(60 + rank))
        }
    }
}
