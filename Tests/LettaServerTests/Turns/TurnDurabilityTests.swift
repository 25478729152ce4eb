import JSON
import LettaAPI
import Storage
import Synchronization
import TestSupport
import Testing

/// A turn asks its model while its message is still being synced to the disk.
@Suite(.timeLimit(.minutes(1))) struct TurnDurabilityTests {
    @Test(arguments: TestEngine.available)
    func `a message that the disk did not keep is refused, and the next one is answered`(
        _ engine: TestEngine
    ) async throws {
        let disk = Disk()
        try await withTurns(on: engine, { $0.wrapStorage = { UnsafeStorage(base: $0, disk: disk) } }) { server in
            let agent = try await server.newAgent()
            for path in ["messages", "messages/stream"] {
                disk.fails = true
                try await server.send(.post, "/v1/agents/\(agent)/\(path)", ["input": "one"]).expect(503)
                disk.fails = false
                try await server.say("two", to: agent).expect(200, ["messages": [["content": "ok"]]])
            }
        }
    }
}

private final class Disk: Sendable {
    private let state = Atomic(false)

    var fails: Bool {
        get { state.load(ordering: .sequentiallyConsistent) }
        set { state.store(newValue, ordering: .sequentiallyConsistent) }
    }
}

/// A database whose early commits may turn out not to be safe.
private struct UnsafeStorage: StorageEngine {
    let base: any StorageEngine
    let disk: Disk

    var dialect: Dialect { base.dialect }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write(body)
    }

    func commit<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> Committed<T> {
        let committed = try await base.commit(body)
        guard disk.fails else { return committed }
        let settlement = Settlement()
        settlement.end(.failure(SQLFailure(.unavailable, "the disk failed")))
        return Committed(committed.value, settlement: settlement)
    }

    func backup(to path: String) async throws { try await base.backup(to: path) }
    func close() async { await base.close() }
}
