import Storage

/// The statements over one table that need nothing but its layout.
extension Transaction {
    // MARK: Reading

    /// - Parameter locking: locks the row until the transaction ends.
    func fetch<Row>(_ table: Table<Row>, _ id: some SQLBindable, locking: Bool = false) throws -> Row? {
        try fetchAll(table, where: "id = \(id)", locking: locking).first
    }

    /// The rows that exist; with `locking` in order of id, so that two transactions that lock the same rows never
    /// deadlock.
    func fetch<Row>(_ table: Table<Row>, _ ids: [some SQLBindable], locking: Bool = false) throws -> [Row] {
        let ids = locking ? ids.map(\.sqlValue).sorted { "\($0)" < "\($1)" } : ids.map(\.sqlValue)
        return try ids.inStatements { ids in
            try fetchAll(table, where: "id IN (\(list: ids))", orderBy: locking ? "id" : nil, locking: locking)
        }
    }

    func fetchAll<Row>(
        _ table: Table<Row>, where condition: SQLText, orderBy order: SQLText? = nil, limit: Int? = nil,
        locking: Bool = false
    ) throws -> [Row] {
        let limited: SQLText = limit.map { " LIMIT \($0)" } ?? ""
        let ordered: SQLText = order.map { " ORDER BY \($0)" } ?? ""
        let locked: SQLText = locking ? " \(dialect.forUpdate)" : ""
        return try rows(
            """
            SELECT \(table.columns) FROM \(table.name)
            WHERE organization_id = \(organization) AND \(condition)\(ordered)\(limited)\(locked)
            """
        ).map(table.row)
    }

    func exists<Row>(_ id: some SQLBindable, in table: Table<Row>) throws -> Bool {
        try row("SELECT 1 FROM \(table.name) WHERE organization_id = \(organization) AND id = \(id)") != nil
    }

    func count<Row>(_ table: Table<Row>, where conditions: [SQLText?]) throws -> Int {
        let all = ["organization_id = \(organization)"] + conditions.compactMap { $0 }
        return try value("SELECT COUNT(*) FROM \(table.name) WHERE \(SQLText.joined(all, separator: " AND "))") ?? 0
    }

    // MARK: Writing

    func insert<Row>(_ row: Row, into table: Table<Row>) throws {
        try insert([row], into: table)
    }

    func insert<Row>(_ rows: [Row], into table: Table<Row>) throws {
        for rows in rows.chunks(binding: table.written.count + 1) {
            let tuples = try rows.map { row -> SQLText in
                "(\(list: [organization.sqlValue] + (try table.values(of: row))))"
            }
            try execute(
                """
                INSERT INTO \(table.name) (organization_id, \(table.names(table.written)))
                VALUES \(SQLText.joined(tuples, separator: ", "))
                """)
        }
    }

    /// Writes all columns but the id, `created_at`, `created_by_id` and those of `keeping`.
    ///
    /// - Parameter condition: a further condition on the stored row.
    /// - Returns: whether such a row exists.
    @discardableResult
    func update<Row>(
        _ row: Row, in table: Table<Row>, keeping kept: Set<String> = [], where condition: SQLText? = nil
    ) throws -> Bool {
        let values = Dictionary(uniqueKeysWithValues: zip(table.written, try table.values(of: row)))
        let changes = table.changing(keeping: kept).map { column in
            "\(SQLText(identifier: column)) = \(values[column] ?? .null)" as SQLText
        }
        let extra: SQLText = condition.map { " AND \($0)" } ?? ""
        return try execute(
            """
            UPDATE \(table.name) SET \(SQLText.joined(changes, separator: ", "))
            WHERE organization_id = \(organization) AND id = \(values["id"] ?? .null)\(extra)
            """) > 0
    }

    /// Inserts a row, or updates the one with the same `key`, which keeps its id, `created_at`, `created_by_id` and the
    /// columns of `keeping`.
    func upsert<Row>(
        _ row: Row, into table: Table<Row>, onConflict key: [String], keeping kept: Set<String> = []
    ) throws {
        let changes = table.changing(keeping: kept.union(key)).map { column in
            "\(SQLText(identifier: column)) = excluded.\(SQLText(identifier: column))" as SQLText
        }
        try execute(
            """
            INSERT INTO \(table.name) (organization_id, \(table.names(table.written)))
            VALUES (\(list: [organization.sqlValue] + (try table.values(of: row))))
            ON CONFLICT (organization_id, \(table.names(key))) DO UPDATE SET \(SQLText.joined(changes, separator: ", "))
            """)
    }

    /// Deletes a row and stores its keys, so that a cursor that names it keeps its place.
    func delete<Row>(_ id: some SQLBindable, from table: Table<Row>) throws {
        try delete([id], from: table)
    }

    /// The same for as many rows as one statement binds.
    func delete<Row>(_ ids: [some SQLBindable], from table: Table<Row>) throws {
        guard !ids.isEmpty else { return }
        try DeletedKeyStore.note(in: table, where: "id IN (\(list: ids))", self)
        try execute("DELETE FROM \(table.name) WHERE organization_id = \(organization) AND id IN (\(list: ids))")
    }
}

extension Table {
    /// The columns that rows provide, in order: `organization_id` comes from the transaction.
    fileprivate var written: [String] { layout.written }

    fileprivate func values(of row: Row) throws -> [SQLValue] {
        try SQLRowEncoder.values(of: row, layout)
    }

    fileprivate func names(_ columns: [String]) -> SQLText {
        .joined(columns.map { SQLText(identifier: $0) }, separator: ", ")
    }

    /// The columns that an UPDATE writes.
    fileprivate func changing(keeping kept: Set<String>) -> [String] {
        precondition(kept.isSubset(of: layout.written), "\(kept) are no columns of \(name.text)")
        return layout.written.filter { !["id", "created_at", "created_by_id"].contains($0) && !kept.contains($0) }
    }
}
