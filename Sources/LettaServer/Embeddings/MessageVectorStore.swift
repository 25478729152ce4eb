import LettaAPI
import Storage

/// Tables `message_vector_set` and `message_vector`: messages have their vectors in a range of positions, which grows in
/// both directions. A turn writes nothing here.
enum MessageVectorStore {
    static let sets = Table<MessageVectorSet>("message_vector_set")

    /// Of a message, as much is embedded.
    private static let mostCharacters = 8_000
    private static let largestBatch = 64

    // MARK: What waits

    /// Agents that have messages without vectors, in order of their ids, up to `limit`.
    ///
    /// An agent without a turn is not among them: an import embeds nothing before somebody uses what was imported.
    static func waiting(
        after last: MessageOwner?, limit: Int, _ db: any SQLExecutor
    ) throws -> [(owner: MessageOwner, lastUse: Timestamp)] {
        try db.rows(
            """
            SELECT agent.organization_id, agent.id, agent.last_run_completion FROM agent
            LEFT JOIN message_vector_set AS known ON known.organization_id = agent.organization_id
                AND known.agent_id = agent.id
            WHERE (agent.organization_id, agent.id) > (\(last?.organization ?? ""), \(last?.agent.rawValue ?? ""))
                AND agent.embedding_config IS NOT NULL AND agent.last_run_completion IS NOT NULL
                AND (known.agent_id IS NULL OR known.next_position < agent.next_message_position
                    OR known.first_position > 0 OR known.embedding_config <> agent.embedding_config)
            ORDER BY agent.organization_id, agent.id LIMIT \(limit)
            """
        ).map { row in
            let owner = MessageOwner(organization: try row["organization_id"], agent: try row["id"])
            return (owner, try row["last_run_completion"])
        }
    }

    /// The set of an agent as it has to be for its model, and where its messages end; nil without a model.
    static func set(
        of agent: ID<AgentState>, _ db: Transaction
    ) throws -> (set: MessageVectorSet, isStored: Bool, end: Int)? {
        let row = try db.row(
            """
            SELECT embedding_config, next_message_position FROM agent
            WHERE organization_id = \(db.organization) AND id = \(agent)
            """)
        guard let row, let config: Document<EmbeddingConfig> = try row["embedding_config"] else { return nil }
        let end: Int = try row["next_message_position"]
        let stored = try db.fetchAll(sets, where: "agent_id = \(agent)").first
        if let stored, stored.embeddingConfig.json == config.json { return (stored, true, end) }
        if let stored, try stored.embeddingConfig.content().isSameModel(as: config.content()) {
            var set = stored
            set.embeddingConfig = config
            return (set, false, end)
        }
        // Newer messages come first, so the range begins behind the last one.
        let set = MessageVectorSet(
            agentID: agent, generation: (stored?.generation ?? 0) + 1, embeddingConfig: config, firstPosition: end,
            nextPosition: end)
        return (set, false, end)
    }

    /// The next messages to embed: what is new, and then what is old, from its end. Nil when nothing waits.
    static func next(
        of owner: MessageOwner, in set: MessageVectorSet, end: Int, _ db: Transaction
    ) throws -> WaitingMessages? {
        let isNew = set.nextPosition < end
        guard isNew || set.firstPosition > 0 else { return nil }
        let limit = min(max(try set.embeddingConfig.content().batchSize, 1), largestBatch)
        let (range, order): (SQLText, SQLText) =
            isNew
            ? ("position >= \(set.nextPosition) AND position < \(end)", "position")
            : ("position < \(set.firstPosition)", "position DESC")
        let rows = try db.rows(
            """
            SELECT position, substr(said, 1, CAST(\(mostCharacters) AS INTEGER)) AS said FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(owner.agent) AND \(range)
                AND said IS NOT NULL
            ORDER BY \(order) LIMIT \(limit)
            """)
        let texts = try rows.map { WaitingMessages.Text(position: try $0["position"], text: try $0["said"]) }
        let isAll = texts.count < limit
        let last = texts.last?.position ?? 0
        let positions =
            isNew
            ? set.nextPosition..<(isAll ? end : last + 1) : (isAll ? 0 : last)..<set.firstPosition
        return WaitingMessages(owner: owner, set: set, texts: texts, positions: positions)
    }

    // MARK: Writing

    /// Stores a set, without the vectors of an earlier model.
    static func begin(_ set: MessageVectorSet, _ db: Transaction) throws {
        guard try AgentStore.exists(set.agentID, db) else { return }
        let old = try db.fetchAll(sets, where: "agent_id = \(set.agentID)").first
        if let old, old.generation != set.generation { try deleteVectors(of: set.agentID, db) }
        try db.upsert(set, into: sets, onConflict: ["agent_id"])
    }

    /// Stores the vectors of messages that are still there, unless another server was first.
    static func store(
        _ vectors: [(position: Int, vector: QuantizedVector)], of batch: WaitingMessages, _ db: Transaction
    ) throws {
        let (old, set) = (batch.set, batch.set)
        let first = min(old.firstPosition, batch.positions.lowerBound)
        let next = max(old.nextPosition, batch.positions.upperBound)
        let dimensions = vectors.first?.vector.codes.count
        let count = try db.execute(
            """
            UPDATE message_vector_set SET first_position = \(first), next_position = \(next),
                dimensions = COALESCE(dimensions, CAST(\(dimensions) AS BIGINT))
            WHERE organization_id = \(db.organization) AND agent_id = \(set.agentID) AND generation = \(set.generation)
                AND first_position = \(old.firstPosition) AND next_position = \(old.nextPosition)
            """)
        guard count > 0, !vectors.isEmpty else { return }
        let there = try db.rows(
            """
            SELECT position FROM message
            WHERE organization_id = \(db.organization) AND agent_id = \(set.agentID)
                AND position IN (\(list: vectors.map(\.position)))
            """)
        let positions = Set(try there.map { try $0["position"] as Int })
        let rows = vectors.filter { positions.contains($0.position) }.map { row -> SQLText in
            "(\(db.organization), \(set.agentID), \(row.position), \(row.vector.bytes))"
        }
        for rows in rows.chunks(binding: 4) {
            try db.execute(
                """
                INSERT INTO message_vector (organization_id, agent_id, position, vector)
                VALUES \(SQLText.joined(rows, separator: ", "))
                """)
        }
    }

    private static func deleteVectors(of agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM message_vector WHERE organization_id = \(db.organization) AND agent_id = \(agent)")
    }

    // MARK: Reading

    /// The sets with vectors of one agent, or of the newest agents of the organization.
    static func sets(of agent: ID<AgentState>?, limit: Int, _ db: Transaction) throws -> [MessageVectorSet] {
        if let agent {
            return try db.fetchAll(sets, where: "agent_id = \(agent) AND dimensions IS NOT NULL")
        }
        let agents = try db.rows(
            """
            SELECT agent.id FROM agent CROSS JOIN message_vector_set AS known
            WHERE agent.organization_id = \(db.organization) AND known.organization_id = \(db.organization)
                AND known.agent_id = agent.id AND known.dimensions IS NOT NULL
            ORDER BY agent.created_at DESC, agent.id DESC LIMIT \(limit)
            """
        ).map { try $0["id"] as String }
        guard !agents.isEmpty else { return [] }
        return try db.fetchAll(sets, where: "agent_id IN (\(list: agents))")
    }

    /// The embedding model of the newest agent that has one.
    static func newestModel(_ db: Transaction) throws -> EmbeddingConfig? {
        let row = try db.row(
            """
            SELECT embedding_config FROM agent
            WHERE organization_id = \(db.organization) AND embedding_config IS NOT NULL
            ORDER BY created_at DESC, id DESC LIMIT 1
            """)
        guard let row else { return nil }
        let config: Document<EmbeddingConfig> = try row["embedding_config"]
        return try config.content()
    }

    /// The vectors of a range of messages of one generation, in order.
    static func vectors(
        in set: MessageVectorSet, at positions: Range<Int>, limit: Int, _ db: Transaction
    ) throws -> [(position: Int, vector: QuantizedVector?)] {
        try db.rows(
            """
            SELECT position, vector FROM message_vector
            WHERE organization_id = \(db.organization) AND agent_id = \(set.agentID)
                AND position >= \(positions.lowerBound) AND position < \(positions.upperBound)
                AND EXISTS (
                    SELECT 1 FROM message_vector_set AS known WHERE known.organization_id = \(db.organization)
                        AND known.agent_id = \(set.agentID) AND known.generation = \(set.generation))
            ORDER BY position LIMIT \(limit)
            """
        ).map { (position: try $0["position"], vector: QuantizedVector(bytes: try $0["vector"])) }
    }

    /// The vectors of some messages.
    static func vectors(
        of agent: ID<AgentState>, at positions: [Int], _ db: Transaction
    ) throws -> [Int: QuantizedVector] {
        let rows = try positions.inStatements { positions in
            try db.rows(
                """
                SELECT position, vector FROM message_vector
                WHERE organization_id = \(db.organization) AND agent_id = \(agent)
                    AND position IN (\(list: positions))
                """)
        }
        var vectors: [Int: QuantizedVector] = [:]
        for row in rows { vectors[try row["position"]] = QuantizedVector(bytes: try row["vector"]) }
        return vectors
    }
}
