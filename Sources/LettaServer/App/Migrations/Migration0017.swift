import Storage

extension Migration {
    /// What keeps a context inside its window.
    static let compaction = Migration(number: 17, name: "compaction") { _ in
        [
            // How many tokens 1,000 estimated ones are, as the agent's last calls showed; null: not known.
            "ALTER TABLE agent ADD COLUMN token_permille BIGINT",
            // Why the model did not get the message as it is.
            "ALTER TABLE message ADD COLUMN problem TEXT",
        ]
    }
}
