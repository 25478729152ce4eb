import LettaAPI
import Storage

/// Table `deleted_key`: where deleted rows stood in the lists they were in.
enum DeletedKeyStore {
    /// Notes the place of a row that is about to be deleted.
    static func note(
        _ id: String, createdAt: Timestamp, updatedAt: Timestamp, lastRunCompletion: Timestamp? = nil, _ db: Transaction
    ) throws {
        try db.execute(
            """
            INSERT INTO deleted_key (organization_id, id, created_at, updated_at, last_run_completion)
            VALUES (\(db.organization), \(id), \(createdAt), \(updatedAt), \(lastRunCompletion))
            ON CONFLICT (organization_id, id) DO NOTHING
            """)
    }

    /// Notes the places of all rows of a table that are about to go with something else.
    static func note(_ table: SQLText, where condition: SQLText, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO deleted_key (organization_id, id, created_at, updated_at)
            SELECT organization_id, id, created_at, updated_at FROM \(table)
            WHERE organization_id = \(db.organization) AND \(condition)
            ON CONFLICT (organization_id, id) DO NOTHING
            """)
    }

    /// Dates the keys that have no date yet, up to `limit` of them: retention counts from the first sweep that sees a key.
    ///
    /// - Returns: how many it dated.
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
    /// - Returns: how many it deleted.
    static func deleteExpired(before time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> Int {
        try db.execute(
            """
            DELETE FROM deleted_key WHERE (organization_id, id) IN (
                SELECT organization_id, id FROM deleted_key WHERE deleted_at < \(time)
                LIMIT \(limit) \(db.dialect.forUpdateSkipLocked))
            """)
    }

    /// The key that row `id` has in `table`, or had when it was deleted; nil when it was never there.
    static func key(of id: String?, columns: [SQLText], table: SQLText, _ db: Transaction) throws -> [SQLValue]? {
        guard let id else { return nil }
        let names = (0..<columns.count).map { "k\($0)" }
        let aliases: [SQLText] = ["k0", "k1", "k2"]
        let selection = SQLText.joined(
            zip(columns, aliases).map { "\($0) AS \($1)" }, separator: ", ")
        for source in [table, "deleted_key"] as [SQLText] {
            let row = try db.row(
                "SELECT \(selection) FROM \(source) WHERE organization_id = \(db.organization) AND id = \(id)")
            if let row { return try names.map { try row[$0] } }
        }
        return nil
    }
}
