import LettaAPI
import Logging
import ModelProviders
import Storage

/// Table `learned_service`: what model services were found to refuse, and the sizes of their vectors, by the address and the
/// model. It belongs to the service, whoever calls it, so it has no organization.
enum LearnedServiceStore {
    /// In bytes; PostgreSQL takes no longer keys.
    private static let longestKey = 2_000

    /// Hands over what is stored, and stores what is learned from now on.
    static func begin(
        _ learned: LearnedServices, _ storage: any StorageEngine, now: @escaping @Sendable () -> Timestamp,
        _ logger: Logger
    ) async throws {
        let stored = try await storage.read { db in try all(db) }
        learned.begin(with: stored) { key, facts in
            // The sockets of this server's own children are others after each start.
            guard !key.address.hasPrefix("http+unix:"), key.address.utf8.count + key.model.utf8.count <= longestKey
            else { return }
            do {
                try await storage.write { db in try save(facts, of: key, at: now(), db) }
            } catch {
                logger.error("What was learned of a model service could not be stored", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The newest ones, as many as are kept.
    static func all(_ db: any SQLExecutor) throws -> [(LearnedServices.Key, LearnedServices.Facts)] {
        let rows = try db.rows(
            """
            SELECT address, model, adaptations, embedding_dimensions FROM learned_service
            ORDER BY updated_at DESC LIMIT \(LearnedServices.capacity)
            """)
        return try rows.map { row in
            let names: String = try row["adaptations"]
            // Names of later versions are left out.
            let adaptations = names.split(separator: ",").compactMap { ServiceAdaptation(rawValue: String($0)) }
            return (
                LearnedServices.Key(address: try row["address"], model: try row["model"]),
                LearnedServices.Facts(
                    adaptations: Set(adaptations), embeddingDimensions: try row["embedding_dimensions"])
            )
        }
    }

    static func save(
        _ facts: LearnedServices.Facts, of key: LearnedServices.Key, at time: Timestamp, _ db: any SQLExecutor
    ) throws {
        let names = facts.adaptations.map(\.rawValue).sorted().joined(separator: ",")
        try db.execute(
            """
            INSERT INTO learned_service (address, model, adaptations, embedding_dimensions, updated_at)
            VALUES (\(key.address), \(key.model), \(names), \(facts.embeddingDimensions), \(time))
            ON CONFLICT (address, model) DO UPDATE SET adaptations = excluded.adaptations,
            embedding_dimensions = excluded.embedding_dimensions, updated_at = excluded.updated_at
            """)
        // Clients name addresses and models, so the number is bounded.
        try db.execute(
            """
            DELETE FROM learned_service WHERE updated_at < (
                SELECT MIN(updated_at) FROM (
                    SELECT updated_at FROM learned_service ORDER BY updated_at DESC LIMIT \(LearnedServices.capacity)
                ) AS newest
            )
            """)
    }
}
