import Storage

/// Table `word_index_backlog`: the tables whose texts are not all indexed, and how far they are.
enum WordBacklogStore {
    /// A table whose texts are to be indexed.
    static func next(_ db: any SQLExecutor) throws -> String? {
        try db.row("SELECT table_name FROM word_index_backlog ORDER BY table_name LIMIT 1")?["table_name"]
    }

    /// Indexes the next texts of a table, in order of their ids.
    ///
    /// - Returns: false when the table is done.
    static func advance(_ table: String, by count: Int, _ db: any SQLExecutor) throws -> Bool {
        guard
            let place = try db.row(
                "SELECT organization_id, last_id FROM word_index_backlog WHERE table_name = \(table)")
        else { return false }
        let (organization, last): (String, String) = (try place["organization_id"], try place["last_id"])
        let rows = try rows(of: table, after: (organization, last), limit: count, db)
        guard let end = rows.last else {
            try db.execute("DELETE FROM word_index_backlog WHERE table_name = \(table)")
            return false
        }
        for row in rows { try index(row, of: table, db) }
        let (reached, id): (String, String) = (try end["organization_id"], try end["id"])
        try db.execute(
            """
            UPDATE word_index_backlog SET organization_id = \(reached), last_id = \(id) WHERE table_name = \(table)
            """)
        return true
    }

    private static func rows(
        of table: String, after place: (organization: String, id: String), limit: Int, _ db: any SQLExecutor
    ) throws -> [SQLRow] {
        let columns: SQLText =
            switch table {
            case "message": "agent_id AS owner, NULL AS other_owner, said AS text"
            case "passage": "archive_id AS owner, NULL AS other_owner, text"
            default: "folder_id AS owner, file_id AS other_owner, text"
            }
        return try db.rows(
            """
            SELECT organization_id, id, \(columns) FROM \(SQLText(identifier: table))
            WHERE (organization_id, id) > (\(place.organization), \(place.id))
            ORDER BY organization_id, id LIMIT \(limit)
            """)
    }

    private static func index(_ row: SQLRow, of table: String, _ db: any SQLExecutor) throws {
        let text: String? = try row["text"]
        guard let text else { return }
        let index: WordIndexStore =
            switch table {
            case "message": .messages
            case "passage": .passages
            default: .folderPassages
            }
        let owners: [String?] = [try row["organization_id"], try row["owner"], try row["other_owner"]]
        try index.insert(try row["id"], text, owners: owners.compactMap { $0 }, db)
    }
}
