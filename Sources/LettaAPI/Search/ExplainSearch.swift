public import JSON

/// A search whose results say why they were found. It finds what the tools of an agent find.
public struct ExplainSearch: Codable, Sendable {
    /// What is searched.
    public enum Source: String, Codable, Sendable, CaseIterable {
        case archivalMemory = "archival_memory"
        case files, messages
    }

    public var source: Source
    public var query: String
    /// Left out: what all agents have.
    public var agentID: ID<AgentState>?
    /// Files alone: those of one folder.
    public var folderID: ID<Folder>?
    /// Archival memory alone.
    public var tags: [String]?
    /// Left out: one of the tags is enough.
    public var tagMatchMode: TagMatchMode?
    /// Messages alone; left out: users and agents.
    public var roles: [MessageRole]?
    /// Archival memory and messages. A day is the agent's day, or UTC without an agent.
    public var startDate: DayOrTime?
    public var endDate: DayOrTime?
    /// From 1 to 100; left out: 10.
    public var limit: Int?

    public init(_ source: Source, _ query: String) {
        self.source = source
        self.query = query
    }
}

/// What a search finds, the best first.
public struct ExplainedSearch: Codable, Sendable, JSONWritable {
    /// The words that are looked for, as they were written; none of them where only a part of a text can be.
    public var words: [String]
    /// Whether meaning counted; without an embedding model that answers, words alone do.
    public var usesMeaning: Bool
    public var results: [ExplainedResult]
    /// The names of the agents, archives and folders of `results`, by id.
    public var names: [String: String]

    public init(words: [String], usesMeaning: Bool, results: [ExplainedResult], names: [String: String]) {
        self.words = words
        self.usesMeaning = usesMeaning
        self.results = results
        self.names = names
    }
}

/// A text that was found, and why.
public struct ExplainedResult: Codable, Sendable, JSONWritable {
    /// Of the passage or the message.
    public var id: String
    public var text: String
    public var createdAt: Timestamp?
    public var agentID: ID<AgentState>?
    public var archiveID: ID<Archive>?
    public var folderID: ID<Folder>?
    public var fileName: String?
    /// Of a message.
    public var role: MessageRole?
    public var tags: [String]?
    public var why: FoundBecause

    public init(id: String, text: String, createdAt: Timestamp?, why: FoundBecause) {
        self.id = id
        self.text = text
        self.createdAt = createdAt
        self.why = why
    }
}

/// Why a text was found. Shares are what each signal adds to the score: how far it is from the average of all
/// candidates, in standard deviations.
public struct FoundBecause: Codable, Sendable, JSONWritable {
    /// The words of the query that the text has, as the query has them. Endings do not count, and some typos.
    public var matched: [String]
    /// The score of the words (BM25); 0 without one.
    public var words: Double
    /// The cosine of its vector and that of the query; null without a vector.
    public var similarity: Double?
    /// The order of the results, but that a message comes before an older one that it replaces.
    public var score: Double
    public var wordShare: Double?
    public var meaningShare: Double?
    /// Of a message: the words said next to it.
    public var neighbourShare: Double?
    /// Of a message: that the query names who said it or the day, and that it is new.
    public var otherShare: Double?

    public init(matched: [String], words: Double, similarity: Double?, score: Double) {
        self.matched = matched
        self.words = words
        self.similarity = similarity
        self.score = score
    }
}

extension API {
    /// Searches that explain themselves.
    public enum Search {
        public static let explain = Endpoint<NoPath, NoQuery, ExplainSearch, ExplainedSearch>(
            .post, "/v1/search/explain",
            "Searches archival memory, files or messages as an agent does, and tells why each result was found.")
    }
}
