import Storage

extension Migration {
    /// Turns as runs of steps.
    static let runsAndSteps = Migration(number: 2, name: "runs and steps") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return runs(id) + steps(id)
    }

    private static func runs(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE run (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
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
            )
            """,
            "CREATE INDEX run_by_creation ON run (organization_id, created_at, id)",
            "CREATE INDEX run_by_agent ON run (organization_id, agent_id, created_at, id)",
            "CREATE INDEX run_by_status ON run (organization_id, status, created_at, id)",
        ]
    }

    private static func steps(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE step (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                run_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                provider_name TEXT,
                provider_category TEXT,
                model \(id),
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
            )
            """,
            "CREATE INDEX step_by_creation ON step (organization_id, created_at, id)",
            "CREATE INDEX step_by_agent ON step (organization_id, agent_id, created_at, id)",
            "CREATE INDEX step_by_run ON step (organization_id, run_id, created_at, id)",
            """
            CREATE TABLE provider_trace (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                step_id \(id) NOT NULL,
                request TEXT NOT NULL,
                response TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, step_id, id),
                FOREIGN KEY (organization_id, step_id) REFERENCES step (organization_id, id) ON DELETE CASCADE
            )
            """,
        ]
    }
}
