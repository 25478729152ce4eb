public import JSON

/// Which messages are looked for. What users and agents said is searched, by its words.
public struct SearchMessages: Codable, Sendable {
    /// Left out: everything that was said.
    public var query: String?
    public var agentID: String?
    /// As in ``ListMessages``.
    public var conversationID: String?
    /// Of the agent.
    public var projectID: String?
    /// Of the agent.
    public var templateID: String?
    /// Left out: `hybrid`, words and meaning. Where the agent has no embedding model that answers, words serve all modes.
    public var searchMode: SearchMode?
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
}

/// How a search ranks what it finds.
public enum SearchMode: String, Codable, Sendable, CaseIterable {
    case vector, fts, hybrid
}

/// A message that was found.
public struct FoundMessage: Codable, Sendable, JSONWritable {
    public var messageID: ID<Message>
    public var agentID: ID<AgentState>
    /// `user_message` or `assistant_message`.
    public var messageType: String
    /// Text, or the list of parts.
    public var content: JSONValue
    public var conversationID: ID<Conversation>?
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
}

/// A message that was found, in the form that the first generation of clients reads.
public struct RankedMessage: Codable, Sendable, JSONWritable {
    public var text: String
    public var message: Message
    /// The place among those with words of the query, from 1; nil for one that has none.
    public var rank: Int?
    /// The place among those with vectors, from 1; nil for one that has none.
    public var vectorRank: Int?
    /// The customary weight of its place among all.
    public private(set) var rrfScore: Double?

    /// - Parameter rank: its place among all.
    public init(text: String, message: Message, rank: Int) {
        self.text = text
        self.message = message
        self.rank = rank
        rrfScore = 1 / Double(60 + rank)
    }

    enum CodingKeys: String, CodingKey {
        case message, vectorRank, rrfScore
        case text = "embedded_text"
        case rank = "fts_rank"
    }
}
