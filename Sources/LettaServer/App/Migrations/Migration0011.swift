import Storage

extension Migration {
    /// Folders of files, the files of agents, and jobs.
    static let folders = Migration(number: 11, name: "folders") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return folders(id) + files(id) + agentFiles(id) + jobs(id)
    }

    private static func folders(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE folder (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                name \(id) NOT NULL,
                description TEXT,
                instructions TEXT,
                metadata TEXT,
                embedding_config TEXT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX folder_by_creation ON folder (organization_id, created_at, id)",
            "CREATE UNIQUE INDEX folder_by_name ON folder (organization_id, name)",
        ]
    }

    private static func files(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE folder_file (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                folder_id \(id) NOT NULL,
                file_name \(id) NOT NULL,
                original_file_name TEXT,
                file_path TEXT,
                file_type TEXT,
                file_size BIGINT,
                file_creation_date TEXT,
                file_last_modified_date TEXT,
                processing_status TEXT NOT NULL,
                error_message TEXT,
                total_chunks BIGINT,
                chunks_embedded BIGINT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, folder_id) REFERENCES folder (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX folder_file_by_folder ON folder_file (organization_id, folder_id, created_at, id)",
            // Agents find a file by the names of folder and file.
            "CREATE UNIQUE INDEX folder_file_by_name ON folder_file (organization_id, folder_id, file_name)",
            // Apart, so that lists do not read it.
            """
            CREATE TABLE file_content (
                organization_id \(id) NOT NULL,
                file_id \(id) NOT NULL,
                text TEXT NOT NULL,
                PRIMARY KEY (organization_id, file_id),
                FOREIGN KEY (organization_id, file_id) REFERENCES folder_file (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE folder_passage (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                folder_id \(id) NOT NULL,
                file_id \(id) NOT NULL,
                text TEXT NOT NULL,
                metadata TEXT NOT NULL,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, folder_id) REFERENCES folder (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, file_id) REFERENCES folder_file (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX folder_passage_by_folder ON folder_passage (organization_id, folder_id, created_at, id)",
            "CREATE INDEX folder_passage_by_file ON folder_passage (organization_id, file_id, created_at, id)",
        ]
    }

    private static func agentFiles(_ id: SQLText) -> [SQLText] {
        [
            """
            CREATE TABLE agent_folder (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                folder_id \(id) NOT NULL,
                PRIMARY KEY (organization_id, agent_id, folder_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, folder_id) REFERENCES folder (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_folder_by_folder ON agent_folder (organization_id, folder_id, agent_id)",
            """
            CREATE TABLE agent_file (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                file_id \(id) NOT NULL,
                folder_id \(id) NOT NULL,
                is_open BOOLEAN NOT NULL,
                visible_content TEXT,
                start_line BIGINT,
                end_line BIGINT,
                last_accessed_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id, folder_id)
                    REFERENCES agent_folder (organization_id, agent_id, folder_id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, file_id) REFERENCES folder_file (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_file_by_agent ON agent_file (organization_id, agent_id, created_at, id)",
            "CREATE UNIQUE INDEX agent_file_by_file ON agent_file (organization_id, file_id, agent_id)",
            "CREATE INDEX agent_file_by_folder ON agent_file (organization_id, agent_id, folder_id)",
        ]
    }

    private static func jobs(_ id: SQLText) -> [SQLText] {
        [
            // No foreign keys for agent and folder: a job is a record that outlives what it was for.
            """
            CREATE TABLE job (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                job_type TEXT NOT NULL,
                status TEXT NOT NULL,
                stop_reason TEXT,
                metadata TEXT,
                background BOOLEAN,
                agent_id \(id),
                folder_id \(id),
                user_id TEXT,
                callback_url TEXT,
                callback_sent_at BIGINT,
                callback_status_code BIGINT,
                callback_error TEXT,
                ttft_ns BIGINT,
                total_duration_ns BIGINT,
                created_by_id TEXT,
                last_updated_by_id TEXT,
                created_at BIGINT NOT NULL,
                started_at BIGINT,
                updated_at BIGINT NOT NULL,
                completed_at BIGINT,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE INDEX job_by_creation ON job (organization_id, created_at, id)",
            "CREATE INDEX job_by_folder ON job (organization_id, folder_id, created_at, id)",
            // Few of all jobs are active.
            """
            CREATE INDEX job_active ON job (organization_id, created_at, id)
            WHERE status IN ('created', 'pending', 'running')
            """,
        ]
    }
}
