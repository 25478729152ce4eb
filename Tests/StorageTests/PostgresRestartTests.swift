import Foundation
import Storage
import StoragePostgres
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A PostgreSQL server of a test's own, reachable by a socket in its folder only.
private struct PrivateServer {
    static let programs = "/usr/lib/postgresql/15/bin"
    let folder: String

    var uri: String { "postgresql+asyncpg://postgres@/postgres?host=\(folder)&prepared_statement_cache_size=0" }

    init(in folder: String) throws {
        self.folder = folder
        // initdb refuses to work as root.
        if geteuid() == 0 { try Self.run("/usr/bin/chown", ["postgres", folder], as: nil) }
        try run("initdb", ["-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "--no-sync"])
    }

    func start() throws {
        let options = "-c listen_addresses='' -c unix_socket_directories='\(folder)' -c fsync=off"
        try run("pg_ctl", ["-D", "\(folder)/data", "-o", options, "-l", "\(folder)/log", "-w", "start"])
    }

    func stop() throws {
        try run("pg_ctl", ["-D", "\(folder)/data", "-m", "fast", "-w", "stop"])
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        try Self.run("\(Self.programs)/\(program)", arguments, as: geteuid() == 0 ? "postgres" : nil)
    }

    private static func run(_ program: String, _ arguments: [String], as user: String?) throws {
        let prefix = user.map { ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups"] } ?? []
        let command = prefix + [program] + arguments
        // Not Foundation's Process: it waits for the children of the child too, here for the server.
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var child = pid_t()
        var status: Int32 = -1
        try #require(posix_spawn(&child, command[0], &actions, nil, &words, environ) == 0)
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        #expect(status == 0, "\(program)")
    }
}

@Suite(.enabled(if: Engine.tested.contains(.postgres)), .timeLimit(.minutes(2))) struct PostgresRestartTests {
    @Test func `the server may be restarted under a running engine`() async throws {
        try #require(
            FileManager.default.fileExists(atPath: PrivateServer.programs), "install Debian's package postgresql-15")
        // A socket's path must be short.
        let folder = "/tmp/letta-pg-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try PrivateServer(in: folder)
        try server.start()
        var isRunning = true
        defer { if isRunning { try? server.stop() } }
        try await closing(await PostgresEngine(uri: server.uri, connections: 4, logger: quiet)) { engine in
            try await engine.write { db in
                try db.execute("CREATE TABLE note (id BIGINT PRIMARY KEY)")
                try db.execute("INSERT INTO note VALUES (\(1))")
            }
            // All four connections exist and have prepared the statement.
            try await readAtOnce(4, engine)

            try server.stop()
            isRunning = false
            #expect(await failureKind { try await engine.read { try $0.rows("SELECT 1") } } == .unavailable)
            #expect(await failureKind { try await engine.write { try $0.rows("SELECT 1") } } == .unavailable)

            try server.start()
            isRunning = true
            try await readAtOnce(4, engine)
            #expect(try await engine.write { try $0.execute("INSERT INTO note VALUES (\(2))") } == 1)

            try server.stop()
            try server.start()
            #expect(try await engine.write { try $0.execute("INSERT INTO note VALUES (\(3))") } == 1)
            try await readAtOnce(4, engine)
        }
    }

    /// Reads on `count` connections at the same time.
    private func readAtOnce(_ count: Int, _ engine: any StorageEngine) async throws {
        let gate = Gate()
        let (arrivals, arrive) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let found = try await engine.read { db -> Int in
                        let rows = try db.rows("SELECT id FROM note WHERE id >= \(1)")
                        arrive.yield()
                        gate.wait()
                        return rows.count
                    }
                    #expect(found >= 1)
                }
            }
            var waiting = arrivals.makeAsyncIterator()
            for _ in 0..<count { await waiting.next() }
            for _ in 0..<count { gate.open() }
            try await group.waitForAll()
        }
    }
}
