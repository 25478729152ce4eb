import Storage
import Synchronization
import TestSupport

/// A database in which a test holds the next transaction, before it runs or after it returned, or lets it fail.
final class HoldingStorage: StorageWrapper {
    enum Point: Hashable {
        case beforeRead
        case afterRead
        case afterWrite
    }

    /// A place where a transaction stands until it is released.
    final class Hold: Sendable {
        private let (arrivals, arrival) = AsyncStream<Void>.makeStream()
        private let (releases, releasing) = AsyncStream<Void>.makeStream()

        /// Waits until a transaction stands here.
        func reached() async {
            for await _ in arrivals { return }
        }

        func release() {
            releasing.finish()
        }

        /// Waits for the release, also in a cancelled task.
        fileprivate func stop() async {
            arrival.yield()
            await Task { for await _ in releases {} }.value
        }
    }

    private struct State {
        var holds: [Point: Hold] = [:]
        var failure: SQLFailure?
    }

    let base: any StorageEngine
    private let state = Mutex(State())

    init(base: any StorageEngine) {
        self.base = base
    }

    /// Holds the next transaction at `point`.
    func hold(_ point: Point) -> Hold {
        let hold = Hold()
        state.withLock { $0.holds[point] = hold }
        return hold
    }

    /// Lets the next read throw.
    func failRead(_ failure: SQLFailure) {
        state.withLock { $0.failure = failure }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        await stop(at: .beforeRead)
        if let failure = state.withLock({ state in
            defer { state.failure = nil }
            return state.failure
        }) {
            throw failure
        }
        let value = try await base.read(body)
        await stop(at: .afterRead)
        return value
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        let value = try await base.write(body)
        await stop(at: .afterWrite)
        return value
    }

    private func stop(at point: Point) async {
        await state.withLock { $0.holds.removeValue(forKey: point) }?.stop()
    }
}

/// Gives `body` a server on a ``HoldingStorage``.
func withHeldTurns(
    on engine: TestEngine, _ body: @escaping (TestServer, HoldingStorage) async throws -> Void
) async throws {
    let held = Mutex<HoldingStorage?>(nil)
    let wrap: @Sendable (any StorageEngine) -> any StorageEngine = { base in
        let storage = HoldingStorage(base: base)
        held.withLock { $0 = storage }
        return storage
    }
    try await withServer(on: engine, { $0.wrapStorage = wrap }) { server in
        guard let storage = held.withLock({ $0 }) else { return }
        try await body(server, storage)
    }
}
