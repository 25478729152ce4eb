import JSON
import LettaAPI
import Storage
import Synchronization
import TestSupport
import Testing

/// A turn begins with one transaction, and asks the model when that is over.
@Suite(.timeLimit(.minutes(5))) struct TurnOpeningTests {
    @Test(arguments: Engines.all)
    func `when the database repeats a transaction, the model is asked what the last one found`(
        _ engine: TestEngine
    ) async throws {
        let storage = Mutex<RepeatingStorage?>(nil)
        let wrap: @Sendable (any StorageEngine) -> any StorageEngine = { base in
            let repeating = RepeatingStorage(base: base)
            storage.withLock { $0 = repeating }
            return repeating
        }
        try await withServer(on: engine, { $0.wrapStorage = wrap }) { server in
            let agent = try await server.newAgent()
            try await server.say("one", to: agent).expect(200)
            storage.withLock { $0 }?.beforeRepeating { db in
                let text = #"[{"type": "text", "text": "another word"}]"#
                try db.execute("UPDATE message SET content = \(text) WHERE role = 'user'")
            }
            try await server.say("two", to: agent).expect(200, ["messages": [["content": "ok"]]])
            let seen = try #require(server.model.takeRequests().last).messages
            #expect(seen == ["user: another word", "assistant: ok", "user: two"])
            #expect(try await server.said(by: agent).filter { $0.hasSuffix("two") }.count == 1)
        }
    }

    @Test(arguments: Engines.all)
    func `a message to nobody stores nothing and asks nobody`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let nobody = "agent-00000000-0000-4000-8000-000000000000"
            for path in ["messages", "messages/stream"] {
                try await server.send(.post, "/v1/agents/\(nobody)/\(path)", ["input": "Hi"]).expect(404)
            }
            #expect(server.model.takeRequests().isEmpty)
            try await server.get("/v1/runs/").expect(200, [])
        }
    }
}

/// A database that has one transaction to repeat, after something else has changed.
private final class RepeatingStorage: StorageWrapper {
    private struct Again: Error {}

    let base: any StorageEngine
    private let change = Mutex<(@Sendable (any SQLExecutor) throws -> Void)?>(nil)

    init(base: any StorageEngine) {
        self.base = base
    }

    func beforeRepeating(_ change: @escaping @Sendable (any SQLExecutor) throws -> Void) {
        self.change.withLock { $0 = change }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        let change = self.change.withLock { change in
            defer { change = nil }
            return change
        }
        if let change {
            await #expect(throws: Again.self) {
                try await base.write { db in
                    _ = try body(db)
                    throw Again()
                }
            }
            try await base.write { db in try change(db) }
        }
        return try await base.write(body)
    }
}
