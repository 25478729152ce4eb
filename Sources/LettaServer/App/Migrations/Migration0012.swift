import Storage

extension Migration {
    /// Lists of groups, and the blocks that groups share.
    static let groups = Migration(number: 12, name: "groups") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            "CREATE INDEX agent_group_by_creation ON agent_group (organization_id, created_at, id)",
            """
            CREATE TABLE agent_group_block (
                organization_id \(id) NOT NULL,
                group_id \(id) NOT NULL,
                block_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, group_id, block_id),
                FOREIGN KEY (organization_id, group_id) REFERENCES agent_group (organization_id, id) ON DELETE CASCADE,
                FOREIGN KEY (organization_id, block_id) REFERENCES block (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX agent_group_block_by_block ON agent_group_block (organization_id, block_id, group_id)",
        ]
    }
}
