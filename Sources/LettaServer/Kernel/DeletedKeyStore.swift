import LettaAPI
import Storage

/// Table `deleted_key`: the list keys of deleted rows, for cursors that name them.
enum DeletedKeyStore {
    private static let keys = ["created_at", "updated_at", "last_run_completion", "last_message_at"]

    /// Stores the keys of the rows that are about to be deleted.
    static func note<Row>(in table: Table<Row>, where condition: SQLText, _ db: Transaction) throws {
        let names = keys.filter { table.layout.columns.contains($0) }.map { SQLText(identifier: $0) }
        let columns = SQLText.joined(["organization_id", "id"] + names, separator: ", ")
        try db.execute(
            """
            INSERT INTO deleted_key (\(columns))
            SELECT \(columns) FROM \(table.name) WHERE organization_id = \(db.organization) AND \(condition)
            ON CONFLICT (organization_id, id) DO NOTHING
            """)
    }

    /// Sets the deletion time of up to `limit` keys without one: retention counts from the first sweep that finds a
    /// key.
    ///
    /// - Returns: the number of rows.
    static func date(_ time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            UPDATE deleted_key SET deleted_at = \(time) WHERE (organization_id, id) IN (
                SELECT organization_id, id FROM deleted_key WHERE deleted_at IS NULL
                LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    /// Deletes the keys of all organizations that are older than `time`, up to `limit` of them.
    ///
    /// - Returns: the number of rows.
    static func deleteExpired(before time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            DELETE FROM deleted_key WHERE (organization_id, id) IN (
                SELECT organization_id, id FROM deleted_key WHERE deleted_at < \(time)
                LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    private static let keptColumns = ["created_at", "updated_at", "last_run_completion"]

    /// The key that row `id` has in `table`, or had when it was deleted; nil when it never existed.
    static func key(of id: String?, columns: [SQLText], table: SQLText, _ db: Transaction) throws -> [SQLValue]? {
        guard let id else { return nil }
        let names = (0..<columns.count).map { "k\($0)" }
        let selection = SQLText.joined(
            zip(columns, names).map { "\($0) AS \(SQLText(identifier: $1))" }, separator: ", ")
        // In an order of which nothing is kept, deleted rows are like rows that never were.
        let isKept = columns.allSatisfy { column in
            column.text == "id" || keptColumns.contains { column.text.contains($0) }
        }
        for source in [table] + (isKept ? ["deleted_key"] : []) as [SQLText] {
            let row = try db.row(
                "SELECT \(selection) FROM \(source) WHERE organization_id = \(db.organization) AND id = \(id)")
            if let row { return try names.map { try row[$0] } }
        }
        return nil
    }
}
