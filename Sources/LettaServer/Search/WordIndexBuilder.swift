import Logging
import Storage

/// Fills the word indexes with what was stored before there were any, after a migration and before the server serves.
struct WordIndexBuilder: Sendable {
    /// The texts of one transaction.
    private static let batch = 500
    /// Batches between two messages about the progress.
    private static let reported = 100

    let storage: any StorageEngine
    let logger: Logger

    /// Goes on where an earlier server was stopped.
    func run() async throws {
        while let table = try await storage.read({ db in try WordBacklogStore.next(db) }) {
            logger.notice("Indexing words", metadata: ["table": "\(table)"])
            var batches = 0
            while try await storage.write({ db in try WordBacklogStore.advance(table, by: Self.batch, db) }) {
                batches += 1
                guard batches.isMultiple(of: Self.reported) else { continue }
                logger.notice(
                    "Indexing words", metadata: ["table": "\(table)", "texts": "\(batches * Self.batch)"])
            }
        }
    }
}
