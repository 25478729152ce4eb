public import JSON

/// Which tools are looked for, by the words of their names, descriptions and tags.
public struct SearchTools: Codable, Sendable {
    /// Left out: all tools, newest first.
    public var query: String?
    /// Tools of one of these types.
    public var toolTypes: [String]?
    /// Tools with one of these tags.
    public var tags: [String]?
    /// Left out: `hybrid`, words and meaning. Where no agent has an embedding model that answers, words serve all modes.
    public var searchMode: SearchMode?
    /// 1 to 100; left out: 50.
    public var limit: Int?

    public init(_ query: String) {
        self.query = query
    }
}

/// A tool that was found.
public struct FoundTool: Codable, Sendable, JSONWritable {
    public var tool: Tool
    public private(set) var embeddedText: String?
    /// The place by words, from 1; nil without a query, and for a tool that has none of its words.
    public var ftsRank: Int?
    /// The place by meaning, from 1; nil where words alone decide.
    public var vectorRank: Int?
    /// The part of the query's words that the tool has, or where meaning counts, too, the sum of both, normalised.
    public var combinedScore: Double

    public init(_ tool: Tool, rank: Int?, vectorRank: Int? = nil, score: Double) {
        self.tool = tool
        ftsRank = rank
        self.vectorRank = vectorRank
        combinedScore = score
    }
}
