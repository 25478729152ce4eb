import JSON
import LettaAPI
import Storage
import Synchronization
import TestSupport
import Testing

/// A turn goes on while what it stored is still being synced to the disk; nobody hears of it before.
@Suite(.timeLimit(.minutes(1))) struct TurnDurabilityTests {
    @Test(arguments: Engines.scenarios)
    func `a message that the disk did not keep is refused, and the next one is answered`(
        _ engine: TestEngine
    ) async throws {
        let disk = Disk()
        try await withServer(on: engine, { $0.wrapStorage = { UnsafeStorage(base: $0, disk: disk) } }) { server in
            let agent = try await server.newAgent()
            for path in ["messages", "messages/stream"] {
                disk.fail(after: 0)
                try await server.send(.post, "/v1/agents/\(agent)/\(path)", ["input": "one"]).expect(503)
                disk.recover()
                try await server.say("two", to: agent).expect(200, ["messages": [["content": "ok"]]])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an answer that the disk did not keep is not told`(_ engine: TestEngine) async throws {
        let disk = Disk()
        try await withServer(on: engine, { $0.wrapStorage = { UnsafeStorage(base: $0, disk: disk) } }) { server in
            let agent = try await server.newAgent()
            disk.fail(after: 1)
            try await server.send(.post, "/v1/agents/\(agent)/messages", ["input": "one"]).expect(503)
            disk.fail(after: 1)
            let stream = try await server.send(.post, "/v1/agents/\(agent)/messages/stream", ["input": "two"])
            #expect(stream.status == 200 && stream.text.hasSuffix("data: [DONE]\n\n"))
            #expect(stream.text.contains("internal_error") && !stream.text.contains("end_turn"))
            #expect(!stream.text.contains("assistant_message"))
            disk.recover()
            try await server.say("three", to: agent).expect(200, ["messages": [["content": "ok"]]])
        }
    }
}

extension TurnDurabilityTests {
    @Test(arguments: Engines.scenarios)
    func `a run that the disk did not keep is not announced`(_ engine: TestEngine) async throws {
        let disk = Disk()
        try await FakeOpenAI.serving(.json("{}", status: 202)) { listener in
            try await withServer(on: engine, { $0.wrapStorage = { UnsafeStorage(base: $0, disk: disk) } }) { server in
                let agent = try await server.newAgent()
                disk.fail(after: 1)
                let run = try await server.send(
                    .post, "/v1/agents/\(agent)/messages/async",
                    ["input": "Hi", "callback_url": .string("\(listener.baseURL)/done")]
                ).expect(200).id
                var told: String?
                while told == nil {
                    told = try await server.get("/v1/runs/\(run)").json["callback_error"]?.string
                    await Task.yield()
                }
                #expect(told?.contains("disk") == true)
                #expect(listener.received.isEmpty)
            }
        }
    }
}

private final class Disk: Sendable {
    /// How many commits are still kept; nil while all are.
    private let rest = Mutex<Int?>(nil)

    func fail(after count: Int) {
        rest.withLock { $0 = count }
    }

    func recover() {
        rest.withLock { $0 = nil }
    }

    /// Whether the next commit is kept.
    func keeps() -> Bool {
        rest.withLock { rest in
            guard let count = rest else { return true }
            rest = max(0, count - 1)
            return count > 0
        }
    }
}

/// A database whose early commits may turn out not to be safe.
private struct UnsafeStorage: StorageWrapper {
    let base: any StorageEngine
    let disk: Disk

    func commit<T: Sendable>(
        quietly: Bool, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> Committed<T> {
        let committed = try await base.commit(quietly: quietly, body)
        if disk.keeps() { return committed }
        let settlement = Settlement()
        settlement.end(.failure(SQLFailure(.unavailable, "the disk failed")))
        return Committed(committed.value, settlement: settlement)
    }
}
