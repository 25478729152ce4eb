import LettaServer
import Logging
import Storage
import TestSupport
import Testing

/// One server at a time starts on a PostgreSQL database.
@Suite(.enabled(if: Engines.all.contains(.postgres)), .timeLimit(.minutes(5))) struct ServerLockTests {
    @Test func `the second server is told which database is in use`() async throws {
        try await TestDatabase.with(.postgres) { database in
            try await withTemporaryFolder { path in
                let folder = try DataFolder(path: path)
                let logger = Logger(label: "test")
                let (first, second) = (try await database.open(), try await database.open())
                #expect(try await !ServerStorage.migrate(first, folder: folder, logger: logger).isEmpty)
                let failure = await #expect(throws: StartUpFailure.self) {
                    try await ServerStorage.migrate(second, folder: folder, logger: logger)
                }
                let text = failure?.description ?? ""
                #expect(text.contains("Another letta-server is using the PostgreSQL database"))
                #expect(text.contains("One server at a time"))
                await first.close()
                #expect(try await ServerStorage.migrate(second, folder: folder, logger: logger) == [])
                await second.close()
            }
        }
    }
}
