import Storage

extension Migration {
    /// What retention needs: when a key was deleted, and how much the traces take. The indexes serve a job of the whole
    /// server, so they do not begin with the organization.
    static let retention = Migration(number: 7, name: "retention") { _ in
        [
            "ALTER TABLE deleted_key ADD COLUMN deleted_at BIGINT",
            "CREATE INDEX deleted_key_by_deletion ON deleted_key (deleted_at)",
            // Older traces count as empty; they expire within the retention time.
            "ALTER TABLE provider_trace ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0",
            "CREATE INDEX provider_trace_by_creation ON provider_trace (created_at, bytes)",
        ]
    }
}
