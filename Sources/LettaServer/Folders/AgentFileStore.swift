import JSON
import LettaAPI
import Storage

/// A row of table `agent_file`.
struct AgentFileRow: Codable, Sendable {
    var id: ID<AgentFile>
    var agentID: ID<AgentState>
    var fileID: ID<FileMetadata>
    var folderID: ID<Folder>
    var isOpen: Bool
    /// Nil for a closed file.
    var visibleContent: String?
    var startLine: Int?
    var endLine: Int?
    var lastAccessedAt: Timestamp
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(
        id: ID<AgentFile>, agent: ID<AgentState>, file: ID<FileMetadata>, folder: ID<Folder>, isOpen: Bool = false,
        at time: Timestamp
    ) {
        self.id = id
        agentID = agent
        fileID = file
        folderID = folder
        self.isOpen = isOpen
        lastAccessedAt = time
        createdAt = time
        updatedAt = time
    }
}

/// Tables `agent_folder` and `agent_file`: the folders of agents, and a row for each file in them.
enum AgentFileStore {
    static let table = Table<AgentFileRow>("agent_file")
    private static let textless = Table<AgentFileRow>("agent_file", without: ["visible_content": nil])

    // MARK: Folders

    /// - Returns: false when the folder was attached already.
    static func attach(_ folder: ID<Folder>, to agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.execute(
            """
            INSERT INTO agent_folder (organization_id, agent_id, folder_id)
            VALUES (\(db.organization), \(agent), \(folder)) ON CONFLICT DO NOTHING
            """) > 0
    }

    /// Detaches the folder with its files.
    ///
    /// - Returns: whether it was attached.
    static func detach(_ folder: ID<Folder>, from agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try noteKeys(where: "agent_id = \(agent) AND folder_id = \(folder)", db)
        return try db.execute(
            """
            DELETE FROM agent_folder
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND folder_id = \(folder)
            """) > 0
    }

    /// The condition that a folder in a list is attached to the agent.
    static func isAttached(to agent: ID<AgentState>, _ db: Transaction) -> SQLText {
        """
        id IN (SELECT folder_id FROM agent_folder
               WHERE organization_id = \(db.organization) AND agent_id = \(agent))
        """
    }

    /// The condition that an agent in a list has the folder.
    static func has(_ folder: ID<Folder>, _ db: Transaction) -> SQLText {
        """
        id IN (SELECT agent_id FROM agent_folder
               WHERE organization_id = \(db.organization) AND folder_id = \(folder))
        """
    }

    static func agents(with folder: ID<Folder>, _ db: Transaction) throws -> [ID<AgentState>] {
        try db.rows(
            """
            SELECT agent_id FROM agent_folder
            WHERE organization_id = \(db.organization) AND folder_id = \(folder) ORDER BY agent_id
            """
        ).map { try $0["agent_id"] }
    }

    /// The folders of each of the agents, oldest first.
    static func folders(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [Folder]] {
        let rows = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_folder.agent_id, \(FolderStore.table.columns) FROM agent_folder
                JOIN folder ON folder.organization_id = agent_folder.organization_id
                    AND folder.id = agent_folder.folder_id
                WHERE agent_folder.organization_id = \(db.organization) AND agent_folder.agent_id IN (\(list: agents))
                ORDER BY agent_folder.agent_id, folder.created_at, folder.id
                """)
        }
        var folders: [ID<AgentState>: [Folder]] = [:]
        for row in rows { folders[try row["agent_id"], default: []].append(try FolderStore.table.row(row)) }
        return folders
    }

    // MARK: Files

    /// Stores the list keys of rows that are about to be deleted.
    static func noteKeys(where condition: SQLText, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: table, where: condition, db)
    }

    static func page(
        _ request: PageRequest, of agent: ID<AgentState>, isOpen: Bool?, _ db: Transaction
    ) throws -> Page<AgentFileRow> {
        try db.page(
            table, request,
            where: ["agent_id = \(agent)", isOpen.map { $0 ? "is_open" : "NOT is_open" }])
    }

    /// The open files of an agent, the one used longest ago first.
    static func openFiles(of agent: ID<AgentState>, _ db: Transaction) throws -> [AgentFileRow] {
        try db.fetchAll(table, where: "agent_id = \(agent) AND is_open", orderBy: "last_accessed_at, id")
    }

    static func row(_ file: ID<FileMetadata>, of agent: ID<AgentState>, _ db: Transaction) throws -> AgentFileRow? {
        try db.fetchAll(table, where: "agent_id = \(agent) AND file_id = \(file)").first
    }

    static func close(_ ids: [ID<AgentFile>], at time: Timestamp, _ db: Transaction) throws {
        for ids in ids.chunks() {
            try db.execute(
                """
                UPDATE agent_file SET is_open = FALSE, visible_content = NULL, start_line = NULL, end_line = NULL,
                    last_accessed_at = \(time), updated_at = \(time)
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids))
                """)
        }
    }

    /// The files in the order of the rows, with the names of their folders.
    static func files(_ rows: [AgentFileRow], _ db: Transaction) throws -> [AgentFile] {
        let found = try rows.map(\.fileID).withoutDuplicates.inStatements { ids in
            try db.rows(
                """
                SELECT folder_file.id, folder_file.file_name, folder.name FROM folder_file
                JOIN folder ON folder.organization_id = folder_file.organization_id
                    AND folder.id = folder_file.folder_id
                WHERE folder_file.organization_id = \(db.organization) AND folder_file.id IN (\(list: ids))
                """)
        }
        let names = Dictionary(
            uniqueKeysWithValues: try found.map { row -> (ID<FileMetadata>, (file: String, folder: String)) in
                (try row["id"], (try row["file_name"], try row["name"]))
            })
        return rows.compactMap { row in
            guard let name = names[row.fileID] else { return nil }
            var file = AgentFile(
                id: row.id, file: row.fileID, name: "\(name.folder)/\(name.file)", folder: row.folderID,
                folderName: name.folder, isOpen: row.isOpen)
            file.lastAccessedAt = row.lastAccessedAt
            file.visibleContent = row.visibleContent
            file.startLine = row.startLine
            file.endLine = row.endLine
            return file
        }
    }

    /// The files of each of the agents, oldest first.
    ///
    /// - Parameter texts: whether open files have their visible text.
    static func files(
        of agents: [ID<AgentState>], texts: Bool, _ db: Transaction
    ) throws -> [ID<AgentState>: [AgentFile]] {
        let rows = try agents.inStatements { agents in
            try db.fetchAll(
                texts ? table : textless, where: "agent_id IN (\(list: agents))", orderBy: "agent_id, created_at, id")
        }
        let files = Dictionary(uniqueKeysWithValues: try files(rows, db).map { ($0.id, $0) })
        return Dictionary(grouping: rows, by: \.agentID).mapValues { $0.compactMap { files[$0.id] } }
    }
}
