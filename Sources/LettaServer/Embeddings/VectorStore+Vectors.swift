import LettaAPI
import Storage

/// What the model made of the passages: table `passage_vector`.
extension VectorStore {
    /// Stores what embedding made of passages of one set.
    ///
    /// - Returns: the passages that wait no longer: those that are still there with the text that was embedded.
    static func store(
        _ embedded: [(passage: WaitingPassages.Passage, vector: [Float]?)], in set: VectorSet, _ db: Transaction
    ) throws -> [ID<Passage>] {
        guard let version = try nextVersion(of: set, db) else { return [] }
        var stored: [ID<Passage>] = []
        for (passage, vector) in embedded {
            let count = try db.execute(
                """
                UPDATE passage_vector SET vector = \(vector.map(Vector.bytes)), due_at = NULL, version = \(version)
                WHERE organization_id = \(db.organization) AND passage_id = \(passage.id)
                    AND generation = \(set.generation) AND revision = \(passage.revision) AND due_at IS NOT NULL
                """)
            if count > 0 { stored.append(passage.id) }
        }
        let dimensions = embedded.lazy.compactMap { $0.vector?.count }.first
        try db.execute(
            """
            UPDATE vector_set SET dimensions = COALESCE(dimensions, CAST(\(dimensions) AS BIGINT)), failures = 0,
                error = NULL, retry_at = 0
            WHERE \(isSet(set, db))
            """)
        return stored
    }

    static func deletePassages(_ ids: [ID<Passage>], _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM passage_vector WHERE organization_id = \(db.organization) AND passage_id IN (\(list: ids))")
    }

    static func deletePassages(of file: ID<FileMetadata>, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM passage_vector WHERE organization_id = \(db.organization) AND passage_id IN (
                SELECT id FROM folder_passage WHERE organization_id = \(db.organization) AND file_id = \(file))
            """)
    }

    /// Deletes the waiting rows of passages that are gone.
    static func deleteWithoutPassages(in set: VectorSet, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM passage_vector
            WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation = \(set.generation) AND due_at IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM \(passageTable(of: set.kind)) AS passage
                    WHERE passage.organization_id = passage_vector.organization_id
                        AND passage.id = passage_vector.passage_id)
            """)
    }

    /// How many passages a set has, and how many of them wait.
    static func counts(of set: VectorSet, _ db: Transaction) throws -> (all: Int, waiting: Int) {
        let rows = try db.rows(
            """
            SELECT COUNT(*) AS passages, COUNT(due_at) AS waiting FROM passage_vector
            WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation = \(set.generation)
            """)
        return (try rows[0]["passages"], try rows[0]["waiting"])
    }

    static func hasWaiting(in set: VectorSet, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM passage_vector
            WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation = \(set.generation) AND due_at IS NOT NULL
            LIMIT 1
            """) != nil
    }

    /// The size of all vectors of an organization in bytes.
    static func size(_ db: Transaction) throws -> Int {
        try db.fetchAll(table, where: "TRUE").reduce(0) { size, set in
            size + (try counts(of: set, db)).all * (set.dimensions ?? 0) * 4
        }
    }

    /// A row as it was changed: without a vector it is not searched any more.
    struct Change: Sendable {
        let passage: ID<Passage>
        let version: Int
        /// Whether there was no other vector before.
        let isFirst: Bool
        let vector: [Float]?
    }

    /// The rows of a set that were changed behind a place in the order of changes, up to `limit`.
    static func changes(
        in set: VectorSet, after version: Int, _ passage: String, limit: Int, _ db: Transaction
    ) throws -> [Change] {
        try db.rows(
            """
            SELECT passage_id, version, revision, vector FROM passage_vector
            WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation = \(set.generation) AND (version, passage_id) > (\(version), \(passage))
            ORDER BY version, passage_id LIMIT \(limit)
            """
        ).map { row in
            let bytes: [UInt8]? = try row["vector"]
            return Change(
                passage: try row["passage_id"], version: try row["version"], isFirst: try row["revision"] == 0,
                vector: bytes.map(Vector.numbers))
        }
    }

    /// The vectors that passages have in the current sets of their owners, and the models of those.
    static func vectors(
        of passages: [ID<Passage>], _ db: Transaction
    ) throws -> [ID<Passage>: (vector: [Float]?, config: Document<EmbeddingConfig>)] {
        let rows = try passages.inStatements { passages in
            try db.rows(
                """
                SELECT passage_vector.passage_id, passage_vector.vector, vector_set.embedding_config
                FROM passage_vector
                JOIN vector_set ON vector_set.organization_id = passage_vector.organization_id
                    AND vector_set.owner_id = passage_vector.owner_id
                    AND vector_set.generation = passage_vector.generation
                WHERE passage_vector.organization_id = \(db.organization)
                    AND passage_vector.passage_id IN (\(list: passages)) AND vector_set.is_current
                """)
        }
        var vectors: [ID<Passage>: (vector: [Float]?, config: Document<EmbeddingConfig>)] = [:]
        for row in rows {
            let bytes: [UInt8]? = try row["vector"]
            vectors[try row["passage_id"]] = (vector: bytes.map(Vector.numbers), config: try row["embedding_config"])
        }
        return vectors
    }

    /// The passages as clients see them: with the configurations of their models, and with their vectors.
    static func withVectors(_ passages: [Passage], _ db: Transaction) throws -> [Passage] {
        let vectors = try vectors(of: passages.map(\.id), db)
        return passages.map { passage in
            guard let found = vectors[passage.id] else { return passage }
            var passage = passage
            passage.embedding = found.vector.map(Vector.padded)
            passage.embeddingConfig = found.config
            return passage
        }
    }
}
