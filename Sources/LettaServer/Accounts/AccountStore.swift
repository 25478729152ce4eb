import JSON
import LettaAPI
import Storage

/// Tables `organization`, `user_account` and `deleted_account`: the only ones that are not divided by organization.
enum AccountStore {
    private static let organizationTable = Table<Organization>("organization")
    private static let userTable = Table<User>("user_account", without: ["is_deleted": false])

    /// The tables that refer to `organization` without `ON DELETE CASCADE`. What belongs to their rows goes with them.
    private static let owned: [SQLText] = [
        "agent_group", "agent", "block", "tool", "archive", "identity", "deleted_key",
    ]

    // MARK: Acting users

    /// The organization of a user; nil for an unknown one.
    static func organization(of user: String, _ db: any SQLExecutor) throws -> String? {
        try db.value("SELECT organization_id FROM user_account WHERE id = \(user)")
    }

    /// Whether there was an organization or a user with this id.
    static func wasDeleted(_ id: String, _ db: any SQLExecutor) throws -> Bool {
        try db.row("SELECT 1 FROM deleted_account WHERE id = \(id)") != nil
    }

    // MARK: Organizations

    /// - Parameter only: the one organization to list; nil for all.
    static func organizations(
        _ query: ListAccounts, only: String?, _ db: Transaction
    ) throws -> Page<Organization> {
        try page(organizationTable, query, where: only.map { "id = \($0)" }, db).map(organizationTable.row)
    }

    /// The organization that follows `id` in the order of ids; the first one for an empty text.
    static func organization(after id: String, _ db: any SQLExecutor) throws -> String? {
        try db.value("SELECT id FROM organization WHERE id > \(id) ORDER BY id LIMIT 1")
    }

    /// The organization, locked until the transaction ends.
    static func organization(_ id: ID<Organization>, _ db: Transaction) throws -> Organization? {
        try db.row(
            "SELECT \(organizationTable.columns) FROM organization WHERE id = \(id) \(db.dialect.forUpdate)"
        ).map(organizationTable.row)
    }

    static func insert(_ organization: Organization, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO organization (id, name, created_at, privileged_tools)
            VALUES (\(organization.id), \(organization.name), \(organization.createdAt), \(organization.privilegedTools))
            """)
    }

    static func update(_ organization: Organization, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE organization SET name = \(organization.name), privileged_tools = \(organization.privilegedTools)
            WHERE id = \(organization.id)
            """)
    }

    /// Deletes an organization with its users and everything that belongs to it.
    static func delete(_ id: ID<Organization>, _ db: Transaction) throws {
        for index in WordIndexStore.all { try index.delete([id.rawValue], db) }
        for table in owned { try db.execute("DELETE FROM \(table) WHERE organization_id = \(id)") }
        try noteDeleted("user_account", where: "organization_id = \(id)", db)
        try db.execute("DELETE FROM user_account WHERE organization_id = \(id)")
        try noteDeleted("organization", where: "id = \(id)", db)
        try db.execute("DELETE FROM organization WHERE id = \(id)")
    }

    // MARK: Users

    /// - Parameter organization: the one organization whose users are listed; nil for all.
    static func users(_ query: ListAccounts, of organization: String?, _ db: Transaction) throws -> Page<User> {
        try page(userTable, query, where: organization.map { "organization_id = \($0)" }, db).map(user)
    }

    /// The user, locked until the transaction ends.
    static func user(_ id: ID<User>, _ db: Transaction) throws -> User? {
        try db.row("SELECT \(userTable.columns) FROM user_account WHERE id = \(id) \(db.dialect.forUpdate)").map(user)
    }

    static func insert(_ user: User, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO user_account (id, organization_id, name, created_at, updated_at)
            VALUES (\(user.id), \(user.organizationID), \(user.name), \(user.createdAt), \(user.updatedAt))
            """)
    }

    static func update(_ user: User, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE user_account
            SET organization_id = \(user.organizationID), name = \(user.name), updated_at = \(user.updatedAt)
            WHERE id = \(user.id)
            """)
    }

    static func delete(_ id: ID<User>, _ db: Transaction) throws {
        try noteDeleted("user_account", where: "id = \(id)", db)
        try db.execute("DELETE FROM user_account WHERE id = \(id)")
    }

    private static func user(_ row: SQLRow) throws -> User {
        var user = try userTable.row(row)
        // The default user was there before any time was stored.
        if user.createdAt?.microseconds == 0 { user.createdAt = nil }
        return user
    }

    // MARK: Lists

    private static func page<Row>(
        _ table: Table<Row>, _ query: ListAccounts, where condition: SQLText?, _ db: Transaction
    ) throws -> Page<SQLRow> {
        let request = try PageRequest(query, defaultOrder: .ascending)
        let keyset = Keyset(
            columns: PageOrder.oldestFirst.key, request: request, after: try key(of: request.after, in: table.name, db),
            before: try key(of: request.before, in: table.name, db))
        let rows = try db.rows(
            """
            SELECT \(table.columns) FROM \(table.name)
            WHERE \(condition ?? "1 = 1")\(keyset.conditions)\(keyset.ending)
            """)
        return try keyset.page(rows) { try $0["id"] }
    }

    /// The key of a row that is there or was deleted.
    private static func key(of id: String?, in table: SQLText, _ db: Transaction) throws -> [SQLValue]? {
        guard let id else { return nil }
        for source in [table, "deleted_account"] as [SQLText] {
            let time: Timestamp? = try db.value("SELECT created_at FROM \(source) WHERE id = \(id)")
            if let time { return [time.sqlValue, id.sqlValue] }
        }
        return nil
    }

    private static func noteDeleted(_ table: SQLText, where condition: SQLText, _ db: Transaction) throws {
        try db.execute(
            "INSERT INTO deleted_account (id, created_at) SELECT id, created_at FROM \(table) WHERE \(condition)")
    }
}
