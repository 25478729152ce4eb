import EventStreams
import Synchronization

/// Sessions that last from one call to the next, so that a server keeps what it has between them.
///
/// A session ends when nobody has used it for a while, when too many others were used since, when the way to the server
/// changed, and after a call that the connection failed or that was given up. The next call opens another one.
package final class MCPSessions: TaskOwner, Sendable {
    /// Whose session it is. Nobody else uses it.
    package struct Owner: Hashable, Sendable {
        package var server: String
        package var user: String

        package init(server: String, user: String) {
            self.server = server
            self.user = user
        }
    }

    /// A session and its task.
    private final class Kept: Sendable {
        let owner: Owner
        let way: MCPEndpoint.Way
        /// Opens when there is a session, or will be none.
        let isReady = Latch()
        let result = Mutex<Result<MCPSession, any Error>?>(nil)
        let task = Mutex<Task<Void, Never>?>(nil)

        init(_ owner: Owner, _ way: MCPEndpoint.Way) {
            self.owner = owner
            self.way = way
        }

        /// The first result counts.
        func resolve(_ result: Result<MCPSession, any Error>) {
            self.result.withLock { $0 = $0 ?? result }
            isReady.open()
        }

        var session: MCPSession? { result.withLock { try? $0?.get() } }
    }

    private struct Entry {
        let kept: Kept
        var users = 0
        var lastUse: Duration
        /// Takes no more calls, and ends when those that use it have ended.
        var isRetired = false

        var isIdle: Bool { users == 0 && !isRetired }
    }

    private struct State {
        var entries: [Entry] = []
        var isClosed = false
    }

    let slots = StdioSlots()
    private let limits: MCPLimits
    private let clock: any Clock<Duration>
    private let idle: Duration
    private let most: (processes: Int, connections: Int)
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - idle: how long a session waits for the next call.
    ///   - processes: the most sessions with processes of this machine that are kept, less than may run at once.
    ///   - connections: the most others.
    package init(
        limits: MCPLimits = MCPLimits(), clock: any Clock<Duration> = ContinuousClock(), idle: Duration = .seconds(300),
        processes: Int = 8, connections: Int = 64
    ) {
        self.limits = limits
        self.clock = clock
        self.idle = idle
        most = (processes, connections)
        elapsed = stopwatch(clock)
    }

    /// Opens a session for one use.
    package func connection(limits: MCPLimits) -> MCPConnection {
        MCPConnection(limits: limits, slots: slots, clock: clock)
    }

    /// How many sessions there are.
    package var count: Int { state.withLock { $0.entries.count } }

    /// How many calls of the owner are under way in a session that is kept.
    func use(of owner: Owner) -> Int {
        state.withLock { $0.entries.filter { $0.kept.owner == owner }.map(\.users).reduce(0, +) }
    }

    /// Calls `body` with the owner's session. Where too many others are in use, the session is one for this use.
    ///
    /// - Throws: `MCPFailure`, `CancellationError`, what `body` throws.
    package func use<Value: Sendable>(
        _ endpoint: MCPEndpoint, of owner: Owner, _ body: @escaping @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        var isRetried = false
        while let kept = lease(endpoint, owner) {
            do {
                let value = try await converse(kept, body)
                giveBack(kept, isSound: true)
                return value
            } catch {
                let kind = (error as? MCPFailure)?.kind
                if case .rejected? = kind { giveBack(kept, isSound: true) } else { giveBack(kept, isSound: false) }
                // A session that has ended has not taken the call.
                guard kind == .ended, !isRetried else { throw error }
                isRetried = true
            }
        }
        return try await connection(limits: limits)(endpoint, body)
    }

    private func converse<Value: Sendable>(
        _ kept: Kept, _ body: @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        try await kept.isReady.wait()
        guard let session = try kept.result.withLock({ try $0?.get() }) else { throw CancellationError() }
        return try await body(session)
    }

    /// Ends all sessions of a server.
    package func end(server: String) {
        let ended = state.withLock { state in
            state.entries.indices.filter { state.entries[$0].kept.owner.server == server }
                .compactMap { Self.retire($0, &state) }
        }
        for kept in ended { kept.session?.end() }
    }

    /// Ends all sessions and waits for them.
    package func close() async {
        let kept = state.withLock { state in
            state.isClosed = true
            return state.entries.map(\.kept)
        }
        let tasks = kept.compactMap { $0.task.withLock { $0 } }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    // MARK: Leases

    /// Nil where no session can be kept.
    private func lease(_ endpoint: MCPEndpoint, _ owner: Owner) -> Kept? {
        let (way, now) = (endpoint.way, elapsed())
        var ended: [Kept] = []
        let kept = state.withLock { state -> Kept? in
            guard !state.isClosed else { return nil }
            if let index = state.entries.firstIndex(where: { $0.kept.owner == owner && !$0.isRetired }) {
                let kept = state.entries[index].kept
                if kept.way == way, kept.session?.hasEnded != true {
                    state.entries[index].users += 1
                    return kept
                }
                if let kept = Self.retire(index, &state) { ended.append(kept) }
            }
            let same = state.entries.indices.filter { state.entries[$0].kept.way.isProcess == way.isProcess }
            if same.count >= (way.isProcess ? most.processes : most.connections) {
                let idle = same.filter { state.entries[$0].isIdle }
                guard let oldest = idle.min(by: { state.entries[$0].lastUse < state.entries[$1].lastUse }) else {
                    return nil
                }
                if let kept = Self.retire(oldest, &state) { ended.append(kept) }
            }
            let kept = Kept(owner, way)
            state.entries.append(Entry(kept: kept, users: 1, lastUse: now))
            // With the lock held, so that whoever closes finds it.
            start(kept, endpoint)
            return kept
        }
        for kept in ended { kept.session?.end() }
        return kept
    }

    private func giveBack(_ kept: Kept, isSound: Bool) {
        let now = elapsed()
        let hasEnded = state.withLock { state -> Bool in
            guard let index = state.entries.firstIndex(where: { $0.kept === kept }) else { return false }
            state.entries[index].users -= 1
            state.entries[index].lastUse = now
            if isSound, !state.entries[index].isRetired { return false }
            return Self.retire(index, &state) != nil
        }
        if hasEnded { kept.session?.end() }
    }

    /// - Returns: the session, if it is to be ended now.
    private static func retire(_ index: Int, _ state: inout State) -> Kept? {
        state.entries[index].isRetired = true
        return state.entries[index].users == 0 ? state.entries[index].kept : nil
    }

    // MARK: The task of a session

    private func start(_ kept: Kept, _ endpoint: MCPEndpoint) {
        kept.task.withLock { task in
            task = Task {
                do {
                    try await connection(limits: limits)(endpoint) { session in
                        kept.resolve(.success(session))
                        try await self.hold(kept, session)
                    }
                } catch {
                    kept.resolve(.failure(error))
                }
                state.withLock { state in state.entries.removeAll { $0.kept === kept } }
            }
        }
    }

    /// Returns when the session has ended, or nobody has used it for a while.
    private func hold(_ kept: Kept, _ session: MCPSession) async throws {
        while let rest = timeLeft(to: kept) {
            do {
                return try await withDeadline(rest, clock: clock) { try await session.untilEnd() }
            } catch is DeadlineExceeded {
                continue
            }
        }
    }

    /// Nil for a session that is over.
    private func timeLeft(to kept: Kept) -> Duration? {
        let now = elapsed()
        return state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.kept === kept }) else { return nil }
            if state.entries[index].users > 0 { return idle }
            let rest = idle - (now - state.entries[index].lastUse)
            if rest <= .zero { state.entries[index].isRetired = true }
            return state.entries[index].isRetired ? nil : rest
        }
    }
}

extension MCPEndpoint {
    /// What makes two endpoints the same one: the program or the address, and with it all that is said to it.
    struct Way: Hashable, Sendable {
        var isProcess = false
        var words: [String]
    }

    var way: Way {
        switch self {
        case .streamableHTTP(let server): Way(words: ["http"] + server.words)
        case .eventStream(let server): Way(words: ["sse"] + server.words)
        case .stdio(let command, let entry):
            Way(
                isProcess: true,
                words: entry.words + ["\(entry.mayUseNetwork)"] + command.words
                    + command.environment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        }
    }
}

extension RemoteServer {
    fileprivate var words: [String] {
        [url] + headers.sorted { $0.name < $1.name }.flatMap { [$0.name, $0.value] }
    }
}
