import Foundation
import Logging
package import Storage
import StoragePostgres
import StorageSQLite
import Testing

/// The database engines every behaviour is tested on.
package enum TestEngine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres

    /// PostgreSQL can be left out on purpose only, with `LETTA_TEST_PG=off`.
    package static var available: [TestEngine] {
        ProcessInfo.processInfo.environment["LETTA_TEST_PG"] == "off" ? [.sqlite] : allCases
    }

    package var testDescription: String { rawValue }
}

/// Says what to set, when a test wants PostgreSQL and there is none.
package struct MissingPostgres: Error, CustomStringConvertible {
    package let description = "Set LETTA_TEST_PG_URI to the URI of a PostgreSQL server, or LETTA_TEST_PG=off."
}

/// A new, empty database of a test's own: where it is, so that it can be opened again.
package struct TestDatabase: Sendable {
    private enum Place: Sendable {
        case file(String)
        case schema(uri: String)
    }

    private let place: Place

    /// Opens it; nothing has been put into it by this.
    package func open() async throws -> any StorageEngine {
        switch place {
        case .file(let path): try SQLiteEngine(path: path, readers: 3, logger: quiet)
        case .schema(let uri): try await PostgresEngine(uri: uri, connections: 4, logger: quiet)
        }
    }

    /// The file of an SQLite database; nil for the others.
    package var file: String? {
        if case .file(let path) = place { path } else { nil }
    }

    /// What `LETTA_PG_URI` would say; nil for SQLite.
    package var uri: String? {
        if case .schema(let uri) = place { uri } else { nil }
    }

    /// Gives `body` a database that is gone afterwards. So many at once are open that PostgreSQL has room for all.
    package static func with<T: Sendable>(
        _ engine: TestEngine, _ body: (TestDatabase) async throws -> T
    ) async throws -> T {
        try await openDatabases.withPermit {
            switch engine {
            case .sqlite:
                try await withTemporaryFolder { folder in
                    try await body(TestDatabase(place: .file("\(folder)/letta.sqlite")))
                }
            case .postgres:
                try await withSchema { uri in try await body(TestDatabase(place: .schema(uri: uri))) }
            }
        }
    }

    private static func withSchema<T>(_ body: (_ uri: String) async throws -> T) async throws -> T {
        guard let uri = ProcessInfo.processInfo.environment["LETTA_TEST_PG_URI"] else { throw MissingPostgres() }
        let schema = "test_\(UInt64.random(in: .min ... .max))"
        let name = SQLText(stringLiteral: schema)
        let admin = try await PostgresEngine(uri: uri, connections: 1, logger: quiet)
        let result: Result<T, any Error>
        do {
            try await admin.write { try $0.execute("CREATE SCHEMA \(name)") }
            let separator = uri.contains("?") ? "&" : "?"
            result = .success(try await body("\(uri)\(separator)options=-csearch_path%3D\(schema)"))
        } catch {
            result = .failure(error)
        }
        do {
            try await admin.write { _ = try $0.execute("DROP SCHEMA IF EXISTS \(name) CASCADE") }
        } catch {
            Issue.record("The schema \(schema) is left behind: \(error)")
        }
        await admin.close()
        return try result.get()
    }
}

/// Gives `body` a new folder that is gone afterwards.
package func withTemporaryFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(path: "letta-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // what is left is in the temporary folder
    return try await body(folder)
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private let openDatabases = Permits(6)

/// Lets so many go on at once; the others wait in line.
actor Permits {
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
