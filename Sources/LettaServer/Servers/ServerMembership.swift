import EventStreams
import LettaAPI
import Logging
import Storage
import Synchronization

/// This server among those that share a PostgreSQL database.
///
/// Each server has a row, which it renews every second, and a lock, which its session holds. A server that finds another one
/// dead deletes that one's row; with it go the claims on turns and the lead. Every write first reads the writer's own row, so
/// a server that was taken for dead while it was only paused stores nothing any more, and ends.
///
/// One server leads: it alone does the work that no request asks for (schedules, batches, callbacks, reading of files,
/// packages of tools).
package final class ServerMembership: TaskOwner, Sendable {
    /// What the server does when others come and go.
    struct Duties: Sendable {
        /// Begins or goes on with what the leader alone does. Called now and then: other servers may have made new work.
        var lead: @Sendable () -> Void
        /// Cancels turns of this server.
        var cancel: @Sendable ([ID<Run>]) -> Void
        /// Tells another server of the events of a run from now on.
        var follow: @Sendable (ID<Run>, _ server: String) -> Void
        /// Tells clients of this server what changed on another one; nil when some of it is not known.
        var change: @Sendable (ServerChange?) -> Void
        /// Whether clients of this server follow changes.
        var hears: @Sendable () -> Bool
        /// Ends the process.
        var end: @Sendable () -> Void
    }

    static let beat = Duration.seconds(1)
    /// How long after a failed beat others are not judged: the database was away for them as well.
    private static let calm = 10
    /// The leader looks for work of other servers after that many beats.
    private static let round = 2

    private struct State {
        var leads = false
        var isFenced = false
        var beating: Task<Void, Never>?
        var telling: Task<Void, Never>?
        /// Nil until the server has started.
        var duties: Duties?
    }

    let id: String
    /// Of the runs of other servers.
    let news = RunNews()
    /// What the others are told of changes here.
    let relay: ChangeRelay
    private let engine: any SharedStorageEngine
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let recovery: LeaderRecovery
    private let logger: Logger
    private let state = Mutex(State())

    private init(
        _ id: String, _ engine: any SharedStorageEngine, _ recovery: LeaderRecovery, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.id = id
        relay = ChangeRelay(elapsed: stopwatch(clock))
        self.engine = engine
        self.recovery = recovery
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    /// Enters this server, and takes over from those that are dead.
    static func join(
        _ engine: any SharedStorageEngine, address: String, recovery: LeaderRecovery, ids: IDSource = .random,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp = { .now },
        logger: Logger
    ) async throws -> ServerMembership {
        let id = "server-\(ids.uuid())"
        let membership = ServerMembership(id, engine, recovery, clock: clock, now: now, logger: logger)
        try await engine.holdLock(ServerStore.lockName(of: id)) { [weak membership] in membership?.hear($0) }
        try await engine.write { db in
            try ServerStore.insert(id, address: address, version: ServerVersion.current, db)
        }
        engine.setFence { db in try ServerStore.enter(id, db) }
        // Until they have said whether they do.
        membership.relay.listen(try await engine.read { db in try ServerStore.others(than: id, db) })
        try await membership.look(isStarting: true)
        logger.info(
            "Joined the servers of this database", metadata: ["server.id": "\(id)", "leads": "\(membership.leads)"])
        return membership
    }

    /// Whether this server does the work that no request asks for.
    var leads: Bool { state.withLock { $0.leads } }

    /// Whether another server has taken this one for dead.
    var isFenced: Bool { state.withLock { $0.isFenced } }

    /// Renews the row, and looks after the others, until ``stop()``.
    func start(_ duties: Duties) {
        state.withLock { state in
            state.duties = duties
            state.beating = Task { [self] in await beat(duties) }
            state.telling = Task { [self] in await tell() }
        }
        if leads { duties.lead() }
    }

    /// Takes nothing over any more. Until ``leave()`` this server may still write.
    func stop() async {
        let (beating, telling) = state.withLock { state in
            state.leads = false
            return (state.beating, state.telling)
        }
        beating?.cancel()
        telling?.cancel()
        await beating?.value
        await telling?.value
    }

    /// Leaves, so that others go on at once.
    func leave() async {
        do {
            try await engine.write { [id] db in
                // Nobody was told what has changed since ``stop()``, such as the end of its turns.
                try ServerStore.tellAll(besides: id, .missed, db)
                try ServerStore.delete(id, db)
            }
        } catch {
            logger.notice("The others take over when they miss this server", metadata: ["error": "\(error)"])
        }
    }

    /// Asks the server that has a run to say when it has new events.
    func follow(_ run: ID<Run>, as scope: Scope) async throws {
        try await engine.write(as: scope) { [id] db in try ServerStore.follow(run, by: id, db) }
    }

    /// Has the others tell this server what changes there, for a while.
    func sayThatItHears() async throws {
        try await engine.write { [id] db in try ServerStore.tellAll(besides: id, .hears(id), db) }
    }

    /// - Parameter text: nil when some were missed.
    private func hear(_ text: String?) {
        let duties = state.withLock { $0.duties }
        guard let text else { return duties?.change(nil) ?? () }
        switch ServerMessage(text) {
        case .hears(let server): relay.listen([server])
        case .changes(let changes): for change in changes { duties?.change(change) }
        case .missed: duties?.change(nil)
        case .events(let run): news.arrived(of: run)
        case .cancel(let run): duties?.cancel([run])
        case .follow(let run, let server): duties?.follow(run, server)
        case nil: logger.debug("Another server said something unknown", metadata: ["text": "\(text)"])
        }
    }

    /// Tells the others what changes here, as long as they want to know.
    private func tell() async {
        for await _ in relay.signals {
            var pause = ChangeRelay.gathering
            if let telling = relay.take() {
                do {
                    try await engine.write { db in
                        for server in telling.servers {
                            for message in telling.messages { try ServerStore.tell(server, message, db) }
                        }
                    }
                } catch {
                    if Task.isCancelled || error is FencedServer { return }
                    logger.warning("Other servers are not told what changed", metadata: ["error": "\(error)"])
                    relay.miss()
                    pause = Self.beat
                }
            }
            // Fails only when this server leaves.
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    private func beat(_ duties: Duties) async {
        var calm = 0
        var beats = 0
        while !Task.isCancelled {
            // Fails only when this server leaves.
            guard (try? await clock.sleep(for: Self.beat)) != nil else { return }
            do {
                let hears = beats.isMultiple(of: Self.round) && duties.hears()
                let requests = try await engine.write { [id] db in
                    try ServerStore.beat(id, db)
                    if hears { try ServerStore.tellAll(besides: id, .hears(id), db) }
                    return try ServerStore.cancelRequests(to: id, db)
                }
                if !requests.isEmpty { duties.cancel(requests) }
                if calm == 0 { try await look(isStarting: false) }
                calm = max(0, calm - 1)
                beats += 1
                if leads, beats.isMultiple(of: Self.round) { duties.lead() }
            } catch is FencedServer {
                logger.critical("\(FencedServer())", metadata: ["server.id": "\(id)"])
                state.withLock { $0.isFenced = true }
                return duties.end()
            } catch {
                if Task.isCancelled { return }
                calm = Self.calm
                logger.warning("This server could not say that it lives", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Takes over from dead servers, and the lead if nobody has it.
    private func look(isStarting: Bool) async throws {
        let (dead, leads) = try await engine.write { [id, now] db in
            let dead = try ServerStore.deleteDead(besides: id, isStarting: isStarting, db)
            if !dead.isEmpty || isStarting { try RunRecovery.failUnfinished(at: now(), db) }
            if !dead.isEmpty { try ServerStore.tellAll(besides: id, .missed, db) }
            return (dead, try ServerStore.lead(id, db))
        }
        // Their last changes were told to nobody, nor is it that their runs have failed.
        if !dead.isEmpty { state.withLock { $0.duties }?.change(nil) }
        for server in dead {
            logger.notice("Took over from a server that is gone", metadata: ["server.id": "\(server)"])
        }
        guard leads, !self.leads else { return }
        try await engine.write { [recovery, now] db in try recovery.run(at: now(), db) }
        state.withLock { $0.leads = true }
        if !isStarting { logger.notice("This server leads now", metadata: ["server.id": "\(id)"]) }
    }
}
