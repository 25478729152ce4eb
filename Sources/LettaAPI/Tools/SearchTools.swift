public import JSON

/// Which tools are looked for, by the words of their names, descriptions and tags.
public struct SearchTools: Codable, Sendable {
    /// Left out: all tools, newest first.
    public var query: String?
    /// Tools of one of these types.
    public var toolTypes: [String]?
    /// Tools with one of these tags.
    public var tags: [String]?
    /// All modes search by words.
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
    /// Counts from 1; nil without a query.
    public var ftsRank: Int?
    public private(set) var vectorRank: Int?
    /// The part of the query's words that the tool has.
    public var combinedScore: Double

    public init(_ tool: Tool, rank: Int?, score: Double) {
        self.tool = tool
        ftsRank = rank
        combinedScore = score
    }
}
