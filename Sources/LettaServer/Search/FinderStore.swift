import LettaAPI
import Storage

/// Things of all tables by their names and ids, in as many statements as there are kinds.
enum FinderStore {
    /// Of each kind.
    static let most = 10
    /// Of a description, in characters.
    private static let longest = 200

    /// - Parameter withServers: whether to look for MCP servers, too.
    static func find(_ text: String, withServers: Bool, _ db: Transaction) throws -> [FoundThing] {
        if let place = Place.all.first(where: { $0.matches(id: text) }) {
            guard withServers || place.kind != .mcpServer else { return [] }
            return try rows(of: place, where: ["id = \(text)"], order: "id", db)
        }
        var found: [FoundThing] = []
        for place in Place.all where place.isNamed && (withServers || place.kind != .mcpServer) {
            found += try rows(of: place, where: [place.has(text, db)] + place.listed(db), db)
        }
        // Among many new ones, so that who knows the whole name finds it.
        let exact = try rows(of: .agent, where: ["name = \(text)"] + Place.agent.listed(db), db)
        return exact + found.filter { !exact.contains($0) }
    }

    private static func rows(
        of place: Place, where conditions: [SQLText?], order: SQLText? = nil, _ db: Transaction
    ) throws -> [FoundThing] {
        let all = ["organization_id = \(db.organization)"] + conditions.compactMap { $0 }
        let detail: SQLText = place.detail.map { column -> SQLText in "substr(\(column), 1, \(longest))" } ?? "NULL"
        return try db.rows(
            """
            SELECT id, \(place.name) AS name, \(detail) AS detail,
                \(place.agent) AS agent_id, \(place.run) AS run_id, \(place.folder) AS folder_id
            FROM \(place.table) WHERE \(SQLText.joined(all, separator: " AND "))
            ORDER BY \(order ?? place.order) LIMIT \(most)
            """
        ).map { row in
            var found = FoundThing(kind: place.kind, id: try row["id"], name: try row["name"])
            found.description = try row["detail"]
            found.agentID = try row["agent_id"]
            found.runID = try row["run_id"]
            found.folderID = try row["folder_id"]
            return found
        }
    }
}

/// A table in which things are found.
private struct Place: Sendable {
    let kind: FoundThing.Kind
    let prefix: String
    let table: SQLText
    var name: SQLText = "name"
    var detail: SQLText? = "description"
    var agent: SQLText = "NULL"
    var run: SQLText = "NULL"
    var folder: SQLText = "NULL"
    /// One that an index has.
    var order: SQLText = "created_at DESC, id DESC"

    static let agent = Place(kind: .agent, prefix: AgentState.idPrefix, table: "agent")
    static let all = [
        agent,
        Place(kind: .block, prefix: Block.idPrefix, table: "block", name: "label"),
        Place(kind: .tool, prefix: Tool.idPrefix, table: "tool"),
        Place(kind: .folder, prefix: Folder.idPrefix, table: "folder"),
        Place(
            kind: .file, prefix: FileMetadata.idPrefix, table: "folder_file", name: "file_name", detail: nil,
            folder: "folder_id", order: "id"),
        Place(kind: .identity, prefix: Identity.idPrefix, table: "identity", detail: "identifier_key"),
        Place(kind: .archive, prefix: Archive.idPrefix, table: "archive"),
        Place(
            kind: .mcpServer, prefix: MCPServer.idPrefix, table: "mcp_server", name: "server_name",
            detail: "server_type"),
        Place(kind: .run, prefix: Run.idPrefix, table: "run", name: "id", detail: "status", agent: "agent_id"),
        Place(
            kind: .step, prefix: Step.idPrefix, table: "step", name: "id", detail: "model", agent: "agent_id",
            run: "run_id"),
        Place(
            kind: .message, prefix: Message.idPrefix, table: "message", name: "id", detail: "role", agent: "agent_id",
            order: "id"),
    ]

    /// Runs and what they consist of are found by their ids alone: there are too many, and they have no names.
    var isNamed: Bool { ![.run, .step, .message].contains(kind) }

    func matches(id: String) -> Bool { CapturePattern.id(prefix: prefix).matches(id) }

    func has(_ text: String, _ db: Transaction) -> SQLText {
        let named = db.dialect.contains(name, text)
        return kind == .identity ? "(\(named) OR identifier_key = \(text))" : named
    }

    /// What lists of the kind leave out.
    func listed(_ db: Transaction) -> [SQLText?] {
        switch kind {
        case .agent: AgentStore.conditions(AgentFilter(), db)
        case .block: BlockStore.conditions(ListBlocks(), db)
        case .tool: ToolStore.conditions(CountTools(), db)
        case .identity: [db.project.map { "project_id = \($0)" }]
        case .folder, .file, .archive, .mcpServer, .run, .step, .message: []
        }
    }
}
