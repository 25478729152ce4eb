public import JSON

/// Something of the server that a search has found by its name or its id.
public struct FoundThing: Codable, Sendable, Hashable, JSONWritable {
    /// In the order of the results.
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONWritable {
        case agent, block, tool, folder, file, identity, archive
        case mcpServer = "mcp_server"
        case run, step, message
    }

    public var kind: Kind
    public var id: String
    /// A block's label, a file's name; the id of what has no name.
    public var name: String
    /// Its beginning: of a description, or an identity's key.
    public var description: String?
    /// Whose run, step or message it is.
    public var agentID: ID<AgentState>?
    /// Of which run a step is.
    public var runID: ID<Run>?
    /// Where a file is.
    public var folderID: ID<Folder>?

    public init(kind: Kind, id: String, name: String) {
        self.kind = kind
        self.id = id
        self.name = name
    }
}

/// What is looked for in all of the server.
public struct FindThings: Codable, Sendable {
    /// Part of a name, in any case, or an id.
    public var query: String

    public init(_ query: String) {
        self.query = query
    }
}

extension API.Search {
    public static let find = Endpoint<NoPath, FindThings, NoBody, [FoundThing]>(
        .get, "/v1/server/search",
        "Finds agents, blocks, tools, folders, files, identities, archives and MCP servers by name, up to ten of each, and runs, steps and messages by id."
    )
}
