import Storage

extension Migration {
    /// Agents, their core memory, tools, messages and context.
    ///
    /// Every key begins with the organisation, so that a row of one can neither be found nor referred
    /// to from another. Times are microseconds since 1970 UTC; documents are JSON text that SQL leaves alone.
    static let agentsAndBlocks = Migration(number: 1, name: "agents and blocks") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return owners(id) + agents(id) + blocks(id) + tools(id) + messages(id) + groups(id) + bookkeeping(id)
    }

    private static func owners(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE organization (
                id \(id) PRIMARY KEY,
                name TEXT NOT NULL,
                created_at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE user_account (
                id \(id) PRIMARY KEY,
                organization_id \(id) NOT NULL REFERENCES organization (id),
                name TEXT NOT NULL,
                created_at BIGINT NOT NULL
            )
            """,
            "CREATE INDEX user_account_by_organization ON user_account (organization_id, id)",
            """
            INSERT INTO organization (id, name, created_at)
            VALUES ('org-00000000-0000-4000-8000-000000000000', 'default_org', 0)
            """,
            """
            INSERT INTO user_account (id, organization_id, name, created_at)
            VALUES ('user-00000000-0000-4000-8000-000000000000', 'org-00000000-0000-4000-8000-000000000000',
                    'default_user', 0)
            """,
        ]
    }

    private static func agents(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE agent (
                organization_id \(id) NOT NULL REFERENCES organization (id),
                id \(id) NOT NULL,
                project_id \(id),
                template_id \(id),
                base_template_id \(id),
                deployment_id \(id),
                entity_id \(id),
                name \(id) NOT NULL,
                agent_type TEXT NOT NULL,
                system_prompt TEXT NOT NULL,
                description TEXT,
                metadata TEXT,
                tool_rules TEXT NOT NULL,
                llm_config TEXT NOT NULL,
                embedding_config TEXT,
                model TEXT,
                embedding TEXT,
                model_settings TEXT NOT NULL,
                compaction_settings TEXT NOT NULL,
                response_format TEXT,
                memory_variables TEXT NOT NULL,
                context_window BIGINT NOT NULL,
                timezone TEXT NOT NULL,
                message_buffer_autoclear BOOLEAN NOT NULL,
                enable_sleeptime BOOLEAN,
                hidden BOOLEAN,
                max_files_open BIGINT,
                per_file_view_window_char_limit BIGINT,
                last_run_completion BIGINT,
                last_run_duration_ms BIGINT,
                last_stop_reason TEXT,
                next_message_position BIGINT NOT NULL,
                system_compiled_at BIGINT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX agent_by_creation ON agent (organization_id, created_at, id)",
            "CREATE INDEX agent_by_update ON agent (organization_id, updated_at, id)",
            """
            CREATE INDEX agent_by_first_run ON agent
            (organization_id, (last_run_completion IS NULL), (COALESCE(last_run_completion, 0)), id)
            """,
            """
            CREATE INDEX agent_by_last_run ON agent
            (organization_id, (last_run_completion IS NOT NULL), (COALESCE(last_run_completion, 0)), id)
            """,
            "CREATE INDEX agent_by_name ON agent (organization_id, name, created_at, id)",
            """
            CREATE TABLE agent_tag (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                tag \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, tag),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_tag_by_tag ON agent_tag (organization_id, tag, agent_id)",
            """
            CREATE TABLE agent_secret (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                id \(id) NOT NULL,
                name \(id) NOT NULL,
                sealed_value TEXT NOT NULL,
                description TEXT,
                position BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, name),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
        ]
    }

    private static func blocks(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE block (
                organization_id \(id) NOT NULL REFERENCES organization (id),
                id \(id) NOT NULL,
                project_id \(id),
                template_id \(id),
                base_template_id \(id),
                deployment_id \(id),
                entity_id \(id),
                label \(id) NOT NULL,
                value TEXT NOT NULL,
                char_limit BIGINT NOT NULL,
                description TEXT,
                metadata TEXT,
                read_only BOOLEAN NOT NULL,
                hidden BOOLEAN,
                is_template BOOLEAN NOT NULL,
                template_name \(id),
                preserve_on_migration BOOLEAN,
                version BIGINT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX block_by_creation ON block (organization_id, created_at, id)",
            "CREATE INDEX block_by_label ON block (organization_id, label, created_at, id)",
            """
            CREATE TABLE block_tag (
                organization_id \(id) NOT NULL,
                block_id \(id) NOT NULL,
                tag \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, block_id, tag),
                FOREIGN KEY (organization_id, block_id) REFERENCES block (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX block_tag_by_tag ON block_tag (organization_id, tag, block_id)",
            """
            CREATE TABLE block_version (
                organization_id \(id) NOT NULL,
                block_id \(id) NOT NULL,
                version BIGINT NOT NULL,
                label TEXT NOT NULL,
                value TEXT NOT NULL,
                char_limit BIGINT NOT NULL,
                description TEXT,
                metadata TEXT,
                actor_type TEXT NOT NULL,
                actor_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, block_id, version),
                FOREIGN KEY (organization_id, block_id) REFERENCES block (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE agent_block (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                block_id \(id) NOT NULL,
                label \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, block_id),
                UNIQUE (organization_id, agent_id, label),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, block_id) REFERENCES block (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_block_by_block ON agent_block (organization_id, block_id, agent_id)",
        ]
    }

    private static func tools(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE tool (
                organization_id \(id) NOT NULL REFERENCES organization (id),
                id \(id) NOT NULL,
                project_id \(id),
                name \(id) NOT NULL,
                tool_type TEXT NOT NULL,
                description TEXT,
                source_type TEXT,
                source_code TEXT,
                json_schema TEXT,
                args_json_schema TEXT,
                tags TEXT NOT NULL,
                return_char_limit BIGINT NOT NULL,
                pip_requirements TEXT,
                npm_requirements TEXT,
                default_requires_approval BOOLEAN,
                enable_parallel_execution BOOLEAN,
                metadata TEXT,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, name)
            )
            """,
            """
            CREATE TABLE agent_tool (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                tool_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id, tool_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, tool_id) REFERENCES tool (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_tool_by_tool ON agent_tool (organization_id, tool_id, agent_id)",
        ]
    }

    private static func messages(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE message (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                role TEXT NOT NULL,
                content TEXT NOT NULL,
                said TEXT,
                name TEXT,
                model TEXT,
                otid TEXT,
                sender_id \(id),
                run_id \(id),
                step_id \(id),
                is_error BOOLEAN,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, agent_id, position),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX message_by_run ON message (organization_id, run_id, position)",
            "CREATE INDEX message_by_step ON message (organization_id, step_id, position)",
            """
            CREATE TABLE context_message (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                message_id \(id) NOT NULL,
                PRIMARY KEY (organization_id, agent_id, position),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, message_id) REFERENCES message (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX context_message_by_message ON context_message (organization_id, message_id)",
        ]
    }

    private static func groups(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE agent_group (
                organization_id \(id) NOT NULL REFERENCES organization (id),
                id \(id) NOT NULL,
                project_id \(id),
                manager_type TEXT NOT NULL,
                manager_agent_id \(id),
                description TEXT NOT NULL,
                sleeptime_agent_frequency BIGINT,
                turns_counter BIGINT,
                last_processed_message_id \(id),
                termination_token TEXT,
                max_turns BIGINT,
                max_message_buffer_length BIGINT,
                min_message_buffer_length BIGINT,
                hidden BOOLEAN,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, manager_agent_id) REFERENCES agent (organization_id, id)
                    ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_group_by_manager ON agent_group (organization_id, manager_agent_id, created_at, id)",
            """
            CREATE TABLE agent_group_member (
                organization_id \(id) NOT NULL,
                group_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, group_id, agent_id),
                FOREIGN KEY (organization_id, group_id) REFERENCES agent_group (organization_id, id)
                    ON DELETE CASCADE,
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_group_member_by_agent ON agent_group_member (organization_id, agent_id, group_id)",
        ]
    }

    private static func bookkeeping(_ id: SQLText) -> [SQLText] {
        [
            // What a list was ordered by when a row was deleted, so that a cursor naming it still has a place.
            """
            CREATE TABLE deleted_key (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                last_run_completion BIGINT,
                PRIMARY KEY (organization_id, id)
            )
            """,
            """
            CREATE TABLE server_setting (
                name \(id) PRIMARY KEY,
                value TEXT NOT NULL
            )
            """,
        ]
    }
}
