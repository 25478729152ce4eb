import LettaAPI
import Storage

/// Tables `vector_set` and `passage_vector`. The functions take an open transaction and never wait.
///
/// A set is locked after its archive or folder.
enum VectorStore {
    static let table = Table<VectorSet>("vector_set")

    // MARK: Sets

    /// All sets of an archive or folder, the current one first.
    static func sets(of owner: String, _ db: Transaction) throws -> [VectorSet] {
        try db.fetchAll(table, where: "owner_id = \(owner)", orderBy: "generation")
    }

    /// The sets that searches of these owners use.
    static func currentSets(of owners: [String], _ db: Transaction) throws -> [VectorSet] {
        try owners.inStatements { owners in
            try db.fetchAll(table, where: "owner_id IN (\(list: owners)) AND is_current")
        }
    }

    /// The sets that a search of all archives or folders uses.
    static func currentSets(of kind: VectorSet.Kind, _ db: Transaction) throws -> [VectorSet] {
        try db.fetchAll(table, where: "kind = \(kind.rawValue) AND is_current", orderBy: "owner_id")
    }

    static func insert(_ set: VectorSet, _ db: Transaction) throws {
        try db.insert(set, into: table)
    }

    /// The sets that a new passage belongs to. The first passage of an owner with a model makes the first set.
    static func setsForNewPassages(
        of owner: String, _ kind: VectorSet.Kind, _ config: Document<EmbeddingConfig>?, at time: Timestamp,
        _ db: Transaction
    ) throws -> [VectorSet] {
        let sets = try sets(of: owner, db)
        guard sets.isEmpty, let config else { return sets }
        let first = VectorSet(
            ownerID: owner, generation: 1, kind: kind, embeddingConfig: config, isCurrent: true,
            retryAt: Timestamp(microseconds: 0), createdAt: time)
        try insert(first, db)
        return [first]
    }

    static func delete(_ set: VectorSet, _ db: Transaction) throws {
        try db.execute("DELETE FROM vector_set WHERE \(isSet(set, db))")
    }

    static func deleteAll(of owner: String, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM vector_set WHERE organization_id = \(db.organization) AND owner_id = \(owner)")
    }

    /// Makes a complete set the one that is searched, and deletes the others.
    static func makeCurrent(_ set: VectorSet, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM vector_set WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation <> \(set.generation)
            """)
        try db.execute("UPDATE vector_set SET is_current = TRUE WHERE \(isSet(set, db))")
    }

    static func note(
        failure: String?, count: Int, retryAt: Timestamp, of set: VectorSet, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE vector_set SET failures = \(count), error = \(failure), retry_at = \(retryAt)
            WHERE \(isSet(set, db))
            """)
    }

    static func setConfig(_ config: Document<EmbeddingConfig>, of set: VectorSet, _ db: Transaction) throws {
        try db.execute("UPDATE vector_set SET embedding_config = \(config) WHERE \(isSet(set, db))")
    }

    static func isSet(_ set: VectorSet, _ db: Transaction) -> SQLText {
        """
        organization_id = \(db.organization) AND owner_id = \(set.ownerID) AND generation = \(set.generation)
        """
    }

    /// The next version of a set, which is locked until the transaction ends; nil for one that was deleted.
    static func nextVersion(of set: VectorSet, _ db: Transaction) throws -> Int? {
        try db.value("UPDATE vector_set SET version = version + 1 WHERE \(isSet(set, db)) RETURNING version")
    }

    // MARK: Waiting passages

    /// - Parameter due: when the background embeds them for the current set; for another one it does at once.
    static func add(_ passages: [ID<Passage>], to sets: [VectorSet], due: Timestamp, _ db: Transaction) throws {
        for set in sets {
            let due = set.isCurrent ? due : Timestamp(microseconds: 0)
            let rows = passages.map { passage -> SQLText in
                "(\(db.organization), \(passage), \(set.generation), \(set.ownerID), 0, 0, \(due))"
            }
            for rows in rows.chunks(binding: 5) {
                try db.execute(
                    """
                    INSERT INTO passage_vector (organization_id, passage_id, generation, owner_id, version, revision, due_at)
                    VALUES \(SQLText.joined(rows, separator: ", "))
                    """)
            }
        }
    }

    /// Adds all passages of the owner to a new set.
    static func addAll(to set: VectorSet, due: Timestamp, _ db: Transaction) throws {
        let owner = ownerColumn(of: set.kind)
        try db.execute(
            """
            INSERT INTO passage_vector (organization_id, passage_id, generation, owner_id, version, revision, due_at)
            SELECT organization_id, id, CAST(\(set.generation) AS BIGINT), \(owner), 0, 0, CAST(\(due) AS BIGINT)
            FROM \(passageTable(of: set.kind)) WHERE organization_id = \(db.organization) AND \(owner) = \(set.ownerID)
            """)
    }

    /// A changed text has no vector until a new one is made.
    static func renew(_ passage: ID<Passage>, of owner: String, due: Timestamp, _ db: Transaction) throws {
        for set in try sets(of: owner, db) {
            guard let version = try nextVersion(of: set, db) else { continue }
            let due = set.isCurrent ? due : Timestamp(microseconds: 0)
            try db.execute(
                """
                UPDATE passage_vector SET vector = NULL, due_at = \(due), revision = revision + 1, version = \(version)
                WHERE organization_id = \(db.organization) AND passage_id = \(passage)
                    AND generation = \(set.generation)
                """)
        }
    }

    static func setDue(_ passages: [ID<Passage>], of set: VectorSet, at due: Timestamp, _ db: Transaction) throws {
        for passages in passages.chunks() {
            try db.execute(
                """
                UPDATE passage_vector SET due_at = \(due)
                WHERE organization_id = \(db.organization) AND passage_id IN (\(list: passages))
                    AND generation = \(set.generation) AND due_at IS NOT NULL
                """)
        }
    }

    /// Nothing waits for another attempt any longer; for the start of a server.
    static func setAllDue(_ db: any SQLExecutor) throws {
        try db.execute("UPDATE passage_vector SET due_at = 0 WHERE due_at > 0")
        try db.execute("UPDATE vector_set SET retry_at = 0, failures = 0 WHERE retry_at > 0")
    }

    /// Embeds again what has no vector, such as texts that the model refused.
    static func renewMissing(in set: VectorSet, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE passage_vector SET due_at = 0
            WHERE organization_id = \(db.organization) AND owner_id = \(set.ownerID)
                AND generation = \(set.generation) AND vector IS NULL
            """)
        try note(failure: nil, count: 0, retryAt: Timestamp(microseconds: 0), of: set, db)
    }

    /// Passages that are due, of the set whose passages have waited longest.
    static func nextWaiting(at time: Timestamp, _ db: any SQLExecutor) throws -> WaitingPassages? {
        let row = try db.row(
            """
            SELECT vector_set.organization_id, \(table.columns) FROM passage_vector
            JOIN vector_set ON vector_set.organization_id = passage_vector.organization_id
                AND vector_set.owner_id = passage_vector.owner_id
                AND vector_set.generation = passage_vector.generation
            WHERE passage_vector.due_at <= \(time) AND vector_set.retry_at <= \(time)
            ORDER BY passage_vector.due_at LIMIT 1
            """)
        guard let row else { return nil }
        let set = try table.row(row)
        // The user who stored a passage may be gone; models are those of the organization.
        let scope = Scope(organization: try row["organization_id"], user: "")
        let rows = try db.rows(
            """
            SELECT passage_vector.passage_id, passage_vector.revision, passage.text FROM passage_vector
            JOIN \(passageTable(of: set.kind)) AS passage ON passage.organization_id = passage_vector.organization_id
                AND passage.id = passage_vector.passage_id
            WHERE passage_vector.organization_id = \(scope.organization)
                AND passage_vector.owner_id = \(set.ownerID) AND passage_vector.generation = \(set.generation)
                AND passage_vector.due_at <= \(time)
            ORDER BY passage_vector.due_at LIMIT \(try batchSize(of: set))
            """)
        return WaitingPassages(
            scope: scope, set: set,
            passages: try rows.map(WaitingPassages.Passage.init))
    }

    /// Those of the passages that wait in a set, now or later.
    static func waiting(
        _ ids: [ID<Passage>], in set: VectorSet, as scope: Scope, _ db: Transaction
    ) throws -> WaitingPassages {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT passage_vector.passage_id, passage_vector.revision, passage.text FROM passage_vector
                JOIN \(passageTable(of: set.kind)) AS passage
                    ON passage.organization_id = passage_vector.organization_id AND passage.id = passage_vector.passage_id
                WHERE passage_vector.organization_id = \(db.organization) AND passage_vector.passage_id IN (\(list: ids))
                    AND passage_vector.generation = \(set.generation) AND passage_vector.due_at IS NOT NULL
                """)
        }
        return WaitingPassages(scope: scope, set: set, passages: try rows.map(WaitingPassages.Passage.init))
    }

    private static func batchSize(of set: VectorSet) throws -> Int {
        min(max(try set.embeddingConfig.content().batchSize, 1), 256)
    }

    /// When to look again: the next passage falls due, or the next model is tried again; nil when nothing will.
    static func nextDue(after time: Timestamp, _ db: any SQLExecutor) throws -> Timestamp? {
        // Each is the first entry of an index.
        let due: Timestamp? = try db.value("SELECT MIN(due_at) FROM passage_vector WHERE due_at > \(time)")
        let retry: Timestamp? = try db.value(
            "SELECT MIN(retry_at) FROM vector_set WHERE retry_at > 0 AND retry_at > \(time)")
        return [due, retry].compactMap { $0 }.min()
    }

    static func passageTable(of kind: VectorSet.Kind) -> SQLText {
        switch kind {
        case .archive: "passage"
        case .folder: "folder_passage"
        }
    }

    private static func ownerColumn(of kind: VectorSet.Kind) -> SQLText {
        switch kind {
        case .archive: "archive_id"
        case .folder: "folder_id"
        }
    }
}

extension WaitingPassages.Passage {
    fileprivate init(_ row: SQLRow) throws {
        self.init(id: try row["passage_id"], revision: try row["revision"], text: try row["text"])
    }
}
