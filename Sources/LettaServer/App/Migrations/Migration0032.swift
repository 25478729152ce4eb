import Storage

extension Migration {
    /// Approvals of forked conversations: several conversations wait at one message, each with a row of its own.
    static let approvalsOfForks = Migration(number: 32, name: "approvals_of_forks") { dialect in
        [
            "ALTER TABLE waiting_approval ADD COLUMN message_id TEXT \(dialect.textCollation) NOT NULL DEFAULT ''",
            "UPDATE waiting_approval SET message_id = id",
            "CREATE INDEX waiting_approval_by_message ON waiting_approval (organization_id, message_id)",
        ]
    }
}
