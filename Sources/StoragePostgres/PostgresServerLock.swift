import CLibPQ
import Logging
import Storage
import Synchronization

/// A session advisory lock that one server at a time can hold for a database and schema, on a connection of its own.
///
/// When the connection is lost, the lock is acquired again. Until then ``isHeld`` is false, and the engine refuses writes:
/// another server may hold the lock by now.
final class PostgresServerLock: Sendable {
    private struct State {
        var isHeld = false
        var isReleased = false
        var hasEnded = false
        var releasing: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let settings: PostgresSettings
    private let logger: Logger
    private let wakePipe: WakePipe

    private init(_ settings: PostgresSettings, logger: Logger) throws(SQLFailure) {
        guard let wakePipe = WakePipe() else { throw SQLFailure(.unavailable, "no file descriptor is free") }
        self.settings = settings
        self.logger = logger
        self.wakePipe = wakePipe
    }

    /// - Throws: `.busy` when another server has the lock.
    static func acquire(_ settings: PostgresSettings, logger: Logger) async throws -> PostgresServerLock {
        let lock = try PostgresServerLock(settings, logger: logger)
        try await withCheckedThrowingContinuation { continuation in
            do {
                try DatabaseThread.start { lock.run(continuation) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        return lock
    }

    var isHeld: Bool { state.withLock { $0.isHeld } }

    /// Returns when the connection is closed.
    func release() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                state.isReleased = true
                if !state.hasEnded { state.releasing.append(continuation) }
                return state.hasEnded
            }
            wakePipe.wake()
            if hasEnded { continuation.resume() }
        }
    }

    // MARK: - The thread

    private func run(_ acquired: CheckedContinuation<Void, any Error>) {
        let connection = PostgresConnection(settings, logger: logger)
        do {
            try connection.acquireServerLock()
        } catch {
            connection.close()
            return acquired.resume(throwing: error)
        }
        state.withLock { $0.isHeld = true }
        acquired.resume()
        while !state.withLock({ $0.isReleased }) {
            if connection.waitUntilLost(or: wakePipe) { acquireAgain(on: connection) }
        }
        connection.close()
        let releasing = state.withLock { state in
            state.isHeld = false
            state.hasEnded = true
            defer { state.releasing = [] }
            return state.releasing
        }
        for continuation in releasing { continuation.resume() }
    }

    private func acquireAgain(on connection: PostgresConnection) {
        state.withLock { $0.isHeld = false }
        logger.warning("The connection with the server lock is lost; writes are refused until the lock is held again")
        var reported: SQLFailure.Kind?
        while !state.withLock({ $0.isReleased }) {
            do {
                try connection.acquireServerLock()
                state.withLock { $0.isHeld = true }
                logger.notice("The server lock is held again; writes are accepted")
                return
            } catch {
                if error.kind != reported {
                    logger.error("The server lock can't be had again", metadata: ["error": "\(error)"])
                    reported = error.kind
                }
                wakePipe.wait(milliseconds: 1000)
            }
        }
    }
}

extension PostgresConnection {
    /// A lock of a server that was killed is free as soon as PostgreSQL notices, hence the wait of a second.
    fileprivate func acquireServerLock() throws(SQLFailure) {
        do throws(PostgresError) {
            _ = try run("SET lock_timeout = 1000")
            // The database is part of every advisory lock. The number must stay the same in every version.
            _ = try run("SELECT pg_advisory_lock(hashtextextended(coalesce(current_schema(), ''), 6073214521987))")
        } catch {
            guard error.failure.kind == .busy, let handle else { throw error.failure }
            let (name, host, port) = (PQdb(handle), PQhost(handle), PQport(handle))
            let words = [name, host, port].map { $0.map { String(cString: $0) } ?? "" }
            throw SQLFailure(
                .busy, "Another letta-server is using the PostgreSQL database \(words[0]) at \(words[1]):\(words[2])")
        }
    }
}
