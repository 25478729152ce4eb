import Storage

extension Migration {
    /// Vectors of passages, and a folder without an embedding model.
    static let vectors = Migration(number: 29, name: "vectors") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return foldersWithoutModels + tables(id, dialect) + waiting
    }

    /// `embedding_config` may be null.
    private static let foldersWithoutModels: [SQLText] = [
        "ALTER TABLE folder RENAME COLUMN embedding_config TO required_embedding_config",
        "ALTER TABLE folder ADD COLUMN embedding_config TEXT",
        "UPDATE folder SET embedding_config = required_embedding_config",
        "ALTER TABLE folder DROP COLUMN required_embedding_config",
    ]

    private static func tables(_ id: SQLText, _ dialect: Dialect) -> [SQLText] {
        [
            // The vectors of one archive or folder by one model. A new model makes the next generation, which is filled
            // while the current one is searched.
            """
            CREATE TABLE vector_set (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                owner_id \(id) NOT NULL,
                generation BIGINT NOT NULL,
                kind TEXT NOT NULL,
                embedding_config TEXT NOT NULL,
                dimensions BIGINT,
                is_current BOOLEAN NOT NULL,
                version BIGINT NOT NULL,
                failures BIGINT NOT NULL,
                error TEXT,
                retry_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, owner_id, generation)
            )
            """,
            // Few sets have a model that failed.
            """
            CREATE INDEX vector_set_failing ON vector_set (retry_at) WHERE retry_at > 0
            """,
            // `due_at` is null for a passage that waits for nothing; a waiting one has no vector yet.
            """
            CREATE TABLE passage_vector (
                organization_id \(id) NOT NULL,
                passage_id \(id) NOT NULL,
                generation BIGINT NOT NULL,
                owner_id \(id) NOT NULL,
                version BIGINT NOT NULL,
                revision BIGINT NOT NULL,
                due_at BIGINT,
                vector \(dialect.blobType),
                PRIMARY KEY (organization_id, passage_id, generation),
                FOREIGN KEY (organization_id, owner_id, generation)
                    REFERENCES vector_set (organization_id, owner_id, generation) ON DELETE CASCADE
            )
            """,
            """
            CREATE INDEX passage_vector_by_version
            ON passage_vector (organization_id, owner_id, generation, version, passage_id)
            """,
            """
            CREATE INDEX passage_vector_waiting ON passage_vector (due_at, organization_id, owner_id, generation)
            WHERE due_at IS NOT NULL
            """,
            """
            CREATE INDEX passage_vector_waiting_by_owner ON passage_vector (organization_id, owner_id, generation, due_at)
            WHERE due_at IS NOT NULL
            """,
        ]
    }

    /// What was stored before waits for its vectors.
    private static let waiting: [SQLText] =
        waiting(of: "archive", in: "passage") + waiting(of: "folder", in: "folder_passage")

    private static func waiting(of owner: SQLText, in passages: SQLText) -> [SQLText] {
        [
            """
            INSERT INTO vector_set (organization_id, owner_id, generation, kind, embedding_config, is_current, version,
                failures, retry_at, created_at)
            SELECT organization_id, id, 1, '\(owner)', embedding_config, TRUE, 0, 0, 0, created_at
            FROM \(owner) WHERE embedding_config IS NOT NULL
            """,
            """
            INSERT INTO passage_vector (organization_id, passage_id, generation, owner_id, version, revision, due_at)
            SELECT passage.organization_id, passage.id, 1, owner.id, 0, 0, 0
            FROM \(passages) AS passage JOIN \(owner) AS owner
                ON owner.organization_id = passage.organization_id AND owner.id = passage.\(owner)_id
            WHERE owner.embedding_config IS NOT NULL
            """,
        ]
    }
}
