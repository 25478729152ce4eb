public import JSON

extension API {
    /// Passages of all archives.
    public enum Passages {
        public static let search = Endpoint<NoPath, NoQuery, SearchPassages, [FoundPassage]>(
            .post, "/v1/passages/search", "Finds passages by their words, the best first.")
    }
}

/// How the tags of a search have to be met.
public enum TagMatchMode: String, Codable, Sendable, CaseIterable {
    case any, all
}

/// What passages are looked for. What is left out does not narrow the search.
public struct SearchPassages: Codable, Sendable {
    /// Left out: all passages, oldest first.
    public var query: String?
    public var agentID: String?
    public var archiveID: String?
    public var tags: [String]?
    /// Left out: one of the tags is enough.
    public var tagMatchMode: TagMatchMode?
    /// From 1 to 100; left out: 50.
    public var limit: Int?
    public var startDate: DayOrTime?
    public var endDate: DayOrTime?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case query, tags, limit
        case agentID = "agent_id"
        case archiveID = "archive_id"
        case tagMatchMode = "tag_match_mode"
        case startDate = "start_date"
        case endDate = "end_date"
    }
}

/// A passage that a search found.
public struct FoundPassage: Decodable, Sendable, JSONWritable {
    public var passage: Passage
    /// How many of the query's words the passage has.
    public var score: Double

    public init(_ passage: Passage, score: Double) {
        self.passage = passage
        self.score = score
    }

    enum CodingKeys: String, CodingKey { case passage, score }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("passage", passage)
            $0.field("score", score)
            $0.field("metadata", JSONValue.object([:]))
        }
    }
}
