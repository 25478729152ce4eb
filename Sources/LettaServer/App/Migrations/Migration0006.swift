import Storage

extension Migration {
    /// What a turn writes stands in fewer places: each place is a page of the log, written and synced before the answer.
    static let shorterTurns = Migration(number: 6, name: "shorter turns") { dialect in
        contextInMessages + (dialect == .sqlite ? rowsInOrderOfTheirKeys : [])
    }

    /// A message says itself where it stands in the context, instead of a row of another table.
    private static let contextInMessages: [SQLText] = [
        "ALTER TABLE message ADD COLUMN context_position BIGINT",
        """
        UPDATE message SET context_position = context_message.position FROM context_message
        WHERE context_message.organization_id = message.organization_id AND context_message.message_id = message.id
        """,
        "DROP TABLE context_message",
        """
        CREATE INDEX message_in_context ON message (organization_id, agent_id, context_position, id)
        WHERE context_position IS NOT NULL
        """,
        // The messages of a step are few of the few of its run.
        "DROP INDEX message_by_step",
    ]

    /// SQLite's tables without a row number have one tree less: the rows themselves are kept by their primary keys. That
    /// is for short rows, so not for traces, which are copied because they refer to steps.
    ///
    /// The tables that refer to others are dropped first. Otherwise SQLite would delete what refers to a dropped row.
    private static let rowsInOrderOfTheirKeys: [SQLText] = {
        let tables: [SQLText] = ["provider_trace", "run_event", "step", "run"]
        let indexes: [SQLText] = [
            "run_by_creation", "run_by_agent", "run_by_status", "step_by_creation", "step_by_agent", "step_by_run",
            "run_event_by_creation",
        ]
        let (id, ending): (SQLText, SQLText) = ("TEXT", " WITHOUT ROWID")
        return indexes.map { "DROP INDEX \($0)" } + tables.map { "ALTER TABLE \($0) RENAME TO old_\($0)" }
            + runs(id, ending: ending) + callbacks + steps(id, ending: ending) + runEvents(id, ending: ending)
            + tables.reversed().map { "INSERT INTO \($0) SELECT * FROM old_\($0) ORDER BY 1, 2" }
            + tables.map { "DROP TABLE old_\($0)" }
    }()
}
