import Storage

extension Migration {
    /// Organizations and users as rows that clients manage, and the transactions of steps.
    static let accounts = Migration(number: 15, name: "accounts") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            "ALTER TABLE organization ADD COLUMN privileged_tools BOOLEAN NOT NULL DEFAULT FALSE",
            "CREATE INDEX organization_by_creation ON organization (created_at, id)",
            "ALTER TABLE user_account ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0",
            "UPDATE user_account SET updated_at = created_at",
            "DROP INDEX user_account_by_organization",
            "CREATE INDEX user_account_by_organization ON user_account (organization_id, created_at, id)",
            "CREATE INDEX user_account_by_creation ON user_account (created_at, id)",
            // A deleted user must not act as the default one, and a cursor that names a deleted row keeps its place.
            "CREATE TABLE deleted_account (id \(id) PRIMARY KEY, created_at BIGINT NOT NULL)",
            "ALTER TABLE step ADD COLUMN tid TEXT",
        ]
    }
}
