import Storage

extension Migration {
    /// Vectors of messages. What was stored before has none: the background makes them, the newest first.
    static let messageVectors = Migration(number: 40, name: "vectors of messages") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            // The vectors of one agent's messages by one model, and which of its messages have been looked at: those from
            // `first_position` to before `next_position`.
            """
            CREATE TABLE message_vector_set (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                generation BIGINT NOT NULL,
                embedding_config TEXT NOT NULL,
                dimensions BIGINT,
                first_position BIGINT NOT NULL,
                next_position BIGINT NOT NULL,
                PRIMARY KEY (organization_id, agent_id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agent (organization_id, id) ON DELETE CASCADE
            )
            """,
            """
            CREATE TABLE message_vector (
                organization_id \(id) NOT NULL,
                agent_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                vector \(dialect.blobType) NOT NULL,
                PRIMARY KEY (organization_id, agent_id, position),
                FOREIGN KEY (organization_id, agent_id, position)
                    REFERENCES message (organization_id, agent_id, position) ON DELETE CASCADE
            )
            """,
        ]
    }
}
