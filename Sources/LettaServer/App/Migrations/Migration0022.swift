import Storage

extension Migration {
    /// Projects, templates with their versions, and what was made from them.
    static let templates = Migration(number: 22, name: "templates") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE project (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                name TEXT NOT NULL,
                slug \(id) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE UNIQUE INDEX project_by_slug ON project (organization_id, slug)",
            // The default project is NULL.
            """
            CREATE TABLE template (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                project_id \(id),
                name \(id) NOT NULL,
                description TEXT,
                latest_version BIGINT NOT NULL,
                created_by_id \(id),
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, project_id) REFERENCES project (organization_id, id)
            )
            """,
            "CREATE UNIQUE INDEX template_by_name ON template (organization_id, name, (COALESCE(project_id, '')))",
            "CREATE INDEX template_by_creation ON template (organization_id, created_at, id)",
            "CREATE INDEX template_by_update ON template (organization_id, updated_at, id)",
            // Version 0 is the working version.
            """
            CREATE TABLE template_version (
                organization_id \(id) NOT NULL,
                id \(id) NOT NULL,
                template_id \(id) NOT NULL,
                version BIGINT NOT NULL,
                message TEXT,
                snapshot TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, template_id) REFERENCES template (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE UNIQUE INDEX template_version_by_number ON template_version (organization_id, template_id, version)
            """,
            "ALTER TABLE agent_group ADD COLUMN template_id \(id)",
            "ALTER TABLE agent_group ADD COLUMN base_template_id \(id)",
            "ALTER TABLE agent_group ADD COLUMN deployment_id \(id)",
            "CREATE INDEX agent_group_by_deployment ON agent_group (organization_id, deployment_id, created_at, id)",
            "CREATE INDEX block_by_deployment ON block (organization_id, deployment_id, created_at, id)",
            "CREATE INDEX agent_by_deployment ON agent (organization_id, deployment_id, created_at, id)",
            "CREATE INDEX agent_by_base_template ON agent (organization_id, base_template_id, id)",
        ]
    }
}
