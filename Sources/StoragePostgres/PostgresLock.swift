import CLibPQ
import Logging
import Storage
import Synchronization

/// A named session advisory lock on a connection of its own. PostgreSQL frees it as soon as the process is gone. The
/// connection also listens to the channel of that name.
///
/// When the connection is lost, the lock is acquired again.
final class PostgresLock: Sendable {
    private struct State {
        var isReleased = false
        var hasEnded = false
        var releasing: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let name: String
    private let settings: PostgresSettings
    private let hear: @Sendable (String?) -> Void
    private let logger: Logger
    private let wakePipe: WakePipe

    private init(
        _ name: String, _ settings: PostgresSettings, hearing hear: @escaping @Sendable (String?) -> Void,
        logger: Logger
    ) throws(SQLFailure) {
        guard let wakePipe = WakePipe() else { throw SQLFailure(.unavailable, "no file descriptor is free") }
        self.name = name
        self.settings = settings
        self.hear = hear
        self.logger = logger
        self.wakePipe = wakePipe
    }

    /// - Throws: `.busy` when another session has the lock.
    static func acquire(
        _ name: String, _ settings: PostgresSettings, hearing hear: @escaping @Sendable (String?) -> Void,
        logger: Logger
    ) async throws -> PostgresLock {
        let lock = try PostgresLock(name, settings, hearing: hear, logger: logger)
        try await withCheckedThrowingContinuation { continuation in
            do {
                try DatabaseThread.start { lock.run(continuation) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        return lock
    }

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
            try connection.acquire(name)
        } catch {
            connection.close()
            return acquired.resume(throwing: error)
        }
        acquired.resume()
        while !state.withLock({ $0.isReleased }) {
            if connection.waitUntilLost(or: wakePipe, hearing: hear) { acquireAgain(on: connection) }
        }
        connection.close()
        let releasing = state.withLock { state in
            state.hasEnded = true
            defer { state.releasing = [] }
            return state.releasing
        }
        for continuation in releasing { continuation.resume() }
    }

    private func acquireAgain(on connection: PostgresConnection) {
        logger.warning("The connection that shows others that this server is there is lost")
        var reported: SQLFailure.Kind?
        while !state.withLock({ $0.isReleased }) {
            do {
                try connection.acquire(name)
                logger.notice("The connection that shows others that this server is there is back")
                hear(nil)
                return
            } catch {
                if error.kind != reported {
                    logger.error("That connection can't be had again", metadata: ["error": "\(error)"])
                    reported = error.kind
                }
                wakePipe.wait(milliseconds: 1000)
            }
        }
    }
}

extension PostgresConnection {
    /// The database is part of every advisory lock. The number must stay the same in every version.
    fileprivate func acquire(_ name: String) throws(SQLFailure) {
        do throws(PostgresError) {
            _ = try run("SET lock_timeout = 1000")
            _ = try query("SELECT pg_advisory_lock(hashtextextended($1, 6073214521987))", [.text(name)], nil)
            _ = try run("LISTEN \"\(name.replacing("\"", with: "\"\""))\"")
        } catch {
            throw error.failure
        }
    }
}
