import CLibPQ
import Foundation

/// Creates and drops databases on the server that `LETTA_TEST_PG_URI` names, with libpq alone: an engine runs every
/// statement in a transaction, and these don't run in one.
enum PostgresServer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let prefix = "letta_test_"
    private static let uri = ProcessInfo.processInfo.environment["LETTA_TEST_PG_URI"]
    private static let leftovers = Task { try await dropLeftovers() }

    /// Creates a database, as a copy of another one that nobody has open if `template` names one.
    static func create(copying template: String?) async throws -> TestDatabase {
        try await leftovers.value
        let name = "\(prefix)\(getpid())_\(UUID().uuidString.prefix(8).lowercased())"
        try await run("CREATE DATABASE \"\(name)\"" + (template.map { " TEMPLATE \"\($0)\"" } ?? ""))
        guard var parts = URLComponents(string: uri ?? "") else {
            throw Failure(description: "LETTA_TEST_PG_URI is not a URI.")
        }
        parts.path = "/\(name)"
        return TestDatabase(uri: parts.string ?? "", name: name)
    }

    static func drop(_ name: String) async throws {
        try await run("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
    }

    /// Drops the databases of test processes that have ended: those of killed ones, and the templates.
    private static func dropLeftovers() async throws {
        for name in try await run("SELECT datname FROM pg_database WHERE starts_with(datname, '\(prefix)')") {
            guard let process = name.dropFirst(prefix.count).split(separator: "_").first.flatMap({ pid_t($0) }),
                kill(process, 0) == -1, errno == ESRCH
            else { continue }
            try await drop(name)
        }
    }

    /// Runs one statement on a thread of its own, since libpq blocks, and returns the first column.
    @discardableResult
    private static func run(_ statement: String) async throws -> [String] {
        guard let uri else { throw MissingPostgres() }
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try blockingRun(statement, uri) }) }
        }
    }

    private static func blockingRun(_ statement: String, _ uri: String) throws -> [String] {
        let connection = PQconnectdb(uri)
        defer { PQfinish(connection) }
        let result = PQexec(connection, statement)
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
            throw Failure(description: "\(statement): \(String(cString: PQerrorMessage(connection)))")
        }
        return (0..<PQntuples(result)).map { String(cString: PQgetvalue(result, $0, 0)) }
    }
}
