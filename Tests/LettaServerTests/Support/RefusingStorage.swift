import Storage
import Synchronization
import TestSupport

/// A database that can be read, and that refuses writes while a test wants it to.
final class RefusingStorage: StorageWrapper {
    let base: any StorageEngine
    private let refusal = Mutex<SQLFailure?>(nil)

    init(base: any StorageEngine) {
        self.base = base
    }

    /// What writes throw; nil to accept them.
    func refuse(_ failure: SQLFailure?) {
        refusal.withLock { $0 = failure }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        if let failure = refusal.withLock({ $0 }) { throw failure }
        return try await base.write(body)
    }
}

/// Gives `body` a server whose database can refuse writes, and whose clock stands still.
func withRefusingStorage(
    on engine: TestEngine, _ body: @escaping (TestServer, RefusingStorage, ManualClock) async throws -> Void
) async throws {
    let made = Mutex<RefusingStorage?>(nil)
    let clock = ManualClock()
    let wrap: @Sendable (any StorageEngine) -> any StorageEngine = { base in
        let storage = RefusingStorage(base: base)
        made.withLock { $0 = storage }
        return storage
    }
    let change: (inout TestServer.Options) -> Void = { options in
        options.wrapStorage = wrap
        options.clock = clock
    }
    try await withServer(on: engine, change) { server in
        guard let storage = made.withLock({ $0 }) else { return }
        try await body(server, storage, clock)
    }
}
