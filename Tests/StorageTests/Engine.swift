import Foundation
import Logging
import Storage
import StoragePostgres
import StorageSQLite
import Testing

/// The database engines every behaviour is tested on.
enum Engine: String, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case postgres

    /// PostgreSQL can be left out on purpose only.
    static var tested: [Engine] {
        ProcessInfo.processInfo.environment["LETTA_TEST_PG"] == "off" ? [.sqlite] : allCases
    }

    var testDescription: String { rawValue }
}

struct MissingPostgres: Error, CustomStringConvertible {
    let description = "Set LETTA_TEST_PG_URI to the URI of a PostgreSQL server, or LETTA_TEST_PG=off."
}

func postgresURI() throws -> String {
    guard let uri = ProcessInfo.processInfo.environment["LETTA_TEST_PG_URI"] else { throw MissingPostgres() }
    return uri
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Gives `body` a new, empty database of the kind, which is gone afterwards.
func withEngine<T>(
    _ kind: Engine, connections: Int = 3, options: String = "", _ body: (any StorageEngine) async throws -> T
) async throws -> T {
    switch kind {
    case .sqlite:
        try await withTemporaryFolder { folder in
            try await closing(SQLiteEngine(path: "\(folder)/test.sqlite", readers: connections, logger: quiet), body)
        }
    case .postgres:
        try await withSchema { uri in
            try await closing(
                await PostgresEngine(uri: uri + options, connections: connections, logger: quiet), body)
        }
    }
}

func closing<Engine: StorageEngine, T>(_ engine: Engine, _ body: (Engine) async throws -> T) async throws -> T {
    let result: Result<T, any Error>
    do { result = .success(try await body(engine)) } catch { result = .failure(error) }
    await engine.close()
    return try result.get()
}

/// Gives `body` the URI of a schema of its own.
func withSchema<T>(_ body: (_ uri: String) async throws -> T) async throws -> T {
    let uri = try postgresURI()
    let schema = "test_\(UInt64.random(in: .min ... .max))"
    let name = SQLText(stringLiteral: schema)
    return try await closing(await PostgresEngine(uri: uri, connections: 1, logger: quiet)) { admin in
        try await admin.write { _ = try $0.execute("CREATE SCHEMA \(name)") }
        let separator = uri.contains("?") ? "&" : "?"
        let result: Result<T, any Error>
        do {
            result = .success(try await body("\(uri)\(separator)options=-csearch_path%3D\(schema)"))
        } catch {
            result = .failure(error)
        }
        try await admin.write { _ = try $0.execute("DROP SCHEMA \(name) CASCADE") }
        return try result.get()
    }
}

func withTemporaryFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(path: "letta-storage-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

func fileSize(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
}

/// Runs `body` and returns the kind of failure it threw.
func failureKind<T>(_ body: () async throws -> T) async -> SQLFailure.Kind? {
    do {
        _ = try await body()
        return nil
    } catch let failure as SQLFailure {
        return failure.kind
    } catch {
        Issue.record("not a SQLFailure: \(error)")
        return nil
    }
}
