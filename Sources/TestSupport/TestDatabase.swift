import Foundation
import Logging
package import Storage
import StoragePostgres
import StorageSQLite
import Testing

/// PostgreSQL is wanted, but the environment names no server.
package struct MissingPostgres: Error, CustomStringConvertible {
    package let description = "Set LETTA_TEST_PG_URI to the URI of a PostgreSQL server, or LETTA_TEST_PG=off."
}

/// A database of one test: a file, or a database on the PostgreSQL server that `LETTA_TEST_PG_URI` names.
package struct TestDatabase: Sendable {
    private enum Place: Sendable {
        case file(String)
        case server(uri: String, name: String)
    }

    private let place: Place

    /// Opens the database as it is. It may be opened several times.
    ///
    /// - Parameter fileSystem: what SQLite writes and syncs with, to observe it or to make it fail.
    package func open(on fileSystem: FaultyFileSystem? = nil) async throws -> any StorageEngine {
        switch place {
        case .file(let path): try SQLiteEngine(path: path, readers: 3, vfs: fileSystem?.name, logger: quiet)
        case .server(let uri, _): try await PostgresEngine(uri: uri, connections: 4, logger: quiet)
        }
    }

    /// The path of an SQLite database; nil on PostgreSQL.
    package var file: String? {
        if case .file(let path) = place { path } else { nil }
    }

    /// The value of `LETTA_PG_URI` for this database; nil on SQLite.
    package var uri: String? {
        if case .server(let uri, _) = place { uri } else { nil }
    }

    /// Passes `body` a new database, empty or a copy of `template`, and removes it afterwards. At most six are open at
    /// once, so that PostgreSQL has connections for all.
    package static func with<T: Sendable>(
        _ engine: TestEngine, copying template: DatabaseTemplate? = nil, _ body: (TestDatabase) async throws -> T
    ) async throws -> T {
        try await openDatabases.withPermit {
            let original = try await template?.database(on: engine)
            switch engine {
            case .sqlite:
                return try await withTemporaryFolder { folder in
                    let path = "\(folder)/letta.sqlite"
                    if let file = original?.file { try FileManager.default.copyItem(atPath: file, toPath: path) }
                    return try await body(TestDatabase(file: path))
                }
            case .postgres:
                let database = try await PostgresServer.create(copying: original?.name)
                let result: Result<T, any Error>
                do { result = .success(try await body(database)) } catch { result = .failure(error) }
                do {
                    try await PostgresServer.drop(database.name ?? "")
                } catch {
                    Issue.record("\(error)")
                }
                return try result.get()
            }
        }
    }

    private var name: String? {
        if case .server(_, let name) = place { name } else { nil }
    }

    init(uri: String, name: String) {
        place = .server(uri: uri, name: name)
    }

    private init(file: String) {
        place = .file(file)
    }

    /// A new, empty database that stays until the process ends.
    fileprivate static func create(_ engine: TestEngine) async throws -> TestDatabase {
        switch engine {
        case .sqlite:
            try FileManager.default.createDirectory(atPath: TestRun.folder, withIntermediateDirectories: true)
            return TestDatabase(file: "\(TestRun.folder)/\(UUID().uuidString).sqlite")
        case .postgres:
            return try await PostgresServer.create(copying: nil)
        }
    }
}

/// A database that is prepared once per run, for tests that each take a copy.
package actor DatabaseTemplate {
    private let prepare: @Sendable (TestDatabase) async throws -> Void
    private var databases: [TestEngine: Task<TestDatabase, any Error>] = [:]

    /// - Parameter prepare: fills an empty database. It closes what it opens.
    package init(_ prepare: @escaping @Sendable (TestDatabase) async throws -> Void) {
        self.prepare = prepare
    }

    fileprivate func database(on engine: TestEngine) async throws -> TestDatabase {
        if let database = databases[engine] { return try await database.value }
        let task = Task { [prepare] in
            let database = try await TestDatabase.create(engine)
            try await prepare(database)
            return database
        }
        databases[engine] = task
        return try await task.value
    }
}

/// Passes `body` a new folder and removes it afterwards.
package func withTemporaryFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    let folder = "\(TestRun.folder)/\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // the folder of the run goes at its end
    return try await body(folder)
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private let openDatabases = Permits(6)

/// A FIFO semaphore.
private actor Permits {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) {
        free = count
    }

    nonisolated func withPermit<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        await take()
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await giveBack()
        return try result.get()
    }

    private func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
