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
        return indexes.map { "DROP INDEX \($0)" } + tables.map { "ALTER TABLE \($0) RENAME TO old_\($0)" }
            + shortRuns + shortSteps + shortRunEvents
            + tables.reversed().map { "INSERT INTO \($0) SELECT * FROM old_\($0) ORDER BY 1, 2" }
            + tables.map { "DROP TABLE old_\($0)" }
    }()

    private static let shortRuns: [SQLText] = [
        """
        CREATE TABLE run (
            organization_id TEXT NOT NULL,
            id TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            status TEXT NOT NULL,
            stop_reason TEXT,
            background BOOLEAN NOT NULL,
            metadata TEXT,
            request_config TEXT,
            time_to_first_token_ns BIGINT,
            total_duration_ns BIGINT,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            completed_at BIGINT,
            PRIMARY KEY (organization_id, id),
            FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
        ) WITHOUT ROWID
        """,
        "CREATE INDEX run_by_creation ON run (organization_id, created_at, id)",
        "CREATE INDEX run_by_agent ON run (organization_id, agent_id, created_at, id)",
        "CREATE INDEX run_by_status ON run (organization_id, status, created_at, id)",
        "ALTER TABLE run ADD COLUMN callback_url TEXT",
        "ALTER TABLE run ADD COLUMN callback_sent_at BIGINT",
        "ALTER TABLE run ADD COLUMN callback_status_code BIGINT",
        "ALTER TABLE run ADD COLUMN callback_error TEXT",
    ]

    private static let shortSteps: [SQLText] = [
        """
        CREATE TABLE step (
            organization_id TEXT NOT NULL,
            id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            provider_name TEXT,
            provider_category TEXT,
            model TEXT,
            model_handle TEXT,
            model_endpoint TEXT,
            context_window_limit BIGINT,
            prompt_tokens BIGINT NOT NULL,
            completion_tokens BIGINT NOT NULL,
            cached_input_tokens BIGINT,
            cache_write_tokens BIGINT,
            reasoning_tokens BIGINT,
            status TEXT NOT NULL,
            stop_reason TEXT,
            error_type TEXT,
            error_data TEXT,
            feedback TEXT,
            tags TEXT NOT NULL,
            tool_names TEXT NOT NULL,
            start_ns BIGINT,
            model_call_start_ns BIGINT,
            model_call_ns BIGINT,
            tool_execution_ns BIGINT,
            duration_ns BIGINT,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (organization_id, id),
            FOREIGN KEY (organization_id, run_id) REFERENCES run (organization_id, id) ON DELETE CASCADE
        ) WITHOUT ROWID
        """,
        "CREATE INDEX step_by_creation ON step (organization_id, created_at, id)",
        "CREATE INDEX step_by_agent ON step (organization_id, agent_id, created_at, id)",
        "CREATE INDEX step_by_run ON step (organization_id, run_id, created_at, id)",
        """
        CREATE TABLE provider_trace (
            organization_id TEXT NOT NULL,
            id TEXT NOT NULL,
            step_id TEXT NOT NULL,
            request TEXT NOT NULL,
            response TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (organization_id, step_id, id),
            FOREIGN KEY (organization_id, step_id) REFERENCES step (organization_id, id) ON DELETE CASCADE
        )
        """,
    ]

    private static let shortRunEvents: [SQLText] = [
        """
        CREATE TABLE run_event (
            organization_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            sequence BIGINT NOT NULL,
            type TEXT NOT NULL,
            event TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (organization_id, run_id, sequence),
            FOREIGN KEY (organization_id, run_id) REFERENCES run (organization_id, id) ON DELETE CASCADE
        ) WITHOUT ROWID
        """,
        "CREATE INDEX run_event_by_creation ON run_event (organization_id, created_at)",
    ]
}
