import JSON
import LettaAPI
import Storage
import Synchronization
import TestSupport
import Testing

@testable import LettaServer

/// A database that can't take more costs nothing that was acknowledged.
@Suite(.timeLimit(.minutes(5))) struct StorageFaultTests {
    @Test func `a full disk is 503, and all acknowledged rows stay`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent("kept", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            try await limitPages(server, 40)
            var kept: [String] = []
            var refused = 0
            let value = JSONValue.string(String(repeating: "x", count: 20_000))
            for _ in 0..<60 where refused < 3 {
                let answer = try await server.send(.post, "/v1/blocks/", ["label": "b", "value": value])
                if answer.status == 200 {
                    kept.append(answer.id)
                } else {
                    #expect(answer.status == 503 && answer[header: "Retry-After"] != nil, "\(answer.text)")
                    refused += 1
                }
            }
            #expect(refused == 3)
            #expect(try await server.send(.post, "/v1/agents/", ["model": model, "system": value]).status == 503)
            #expect(try await server.get("/v1/agents/\(agent)").status == 200, "reading goes on")
            try await server.restart()
            #expect(try await server.get("/v1/blocks/?label=b").ids == kept)
            #expect(try await server.get("/v1/agents/count").json == 1)
            try await server.newBlock("again")
        }
    }

    /// Lets the database file grow by so many pages only, as if the disk were full.
    private func limitPages(_ server: TestServer, _ more: Int) async throws {
        try await server.storage.write { db in
            let pages: Int = try db.value("PRAGMA page_count") ?? 0
            _ = try db.rows("PRAGMA max_page_count = \(SQLText(stringLiteral: "\(pages + more)"))")
        }
    }

    @Test func `a database that can only be read is 503 for changes`() async throws {
        try await withServer(on: .sqlite) { server in
            server["block"] = try await server.newBlock("kept", "x")
            _ = try await server.storage.write { db in try db.rows("PRAGMA query_only = 1") }
            try await server.run([
                .post("/v1/blocks/", ["label": "y"], expect: 503, ["detail": .text(containing: "Nothing was changed")]),
                .patch("/v1/blocks/{block}", ["value": "y"], expect: 503),
                .delete("/v1/blocks/{block}", expect: 503),
                .get("/v1/blocks/{block}", expect: 200, ["value": "x"]),
                .get("/v1/ready/", expect: 503),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/blocks/", expect: 200, [["id": "{block}", "value": "x"]]),
                .patch("/v1/blocks/{block}", ["value": "y"], expect: 200),
            ])
        }
    }

    @Test func `a server whose disk has failed is not ready, although it can be read`() async throws {
        try await withServer(on: .sqlite) { server in
            let health = HealthService(storage: FailedDisk(base: server.storage))
            await #expect(throws: SQLFailure.self) { try await health.ready() }
            let ready = try await HealthService(storage: server.storage).ready()
            #expect(ready.status == "ok")
        }
    }

    @Test func `requests for readiness share a write, for a second`() async throws {
        try await withServer(on: .sqlite) { server in
            let (writes, clock) = (Counter(), ManualClock())
            let storage = HoldingStorage(base: CountingStorage(base: server.storage, statements: writes))
            let health = HealthService(storage: storage, clock: clock)
            let hold = storage.hold(.afterWrite)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await health.ready() } }
                await hold.reached()
                hold.release()
                try await group.waitForAll()
            }
            _ = try await health.ready()
            #expect(writes.value == 1)
            clock.advance(by: .seconds(1))
            _ = try await health.ready()
            #expect(writes.value == 2)
        }
    }

    @Test func `a cancelled request for readiness tells the others nothing`() async throws {
        try await withServer(on: .sqlite) { server in
            let storage = HoldingStorage(base: server.storage)
            let health = HealthService(storage: CancellableStorage(base: storage))
            let hold = storage.hold(.afterWrite)
            let cancelled = Task { try await health.ready() }
            await hold.reached()
            async let other = health.ready()
            cancelled.cancel()
            hold.release()
            _ = await cancelled.result
            let status = try await other.status
            #expect(status == "ok")
        }
    }

    @Test func `a commit that may or may not be stored is 503 and says so`() async throws {
        let isLost = IsLost()
        try await withServer(on: .sqlite, { $0.wrapStorage = { LossyStorage(base: $0, isLost: isLost) } }) { server in
            isLost.value.store(true, ordering: .relaxed)
            let answer = try await server.send(.post, "/v1/blocks/", ["label": "lost", "value": "x"])
            #expect(answer.status == 503 && answer[header: "Retry-After"] == nil)
            #expect(answer.text.contains("may or may not have been stored"))
            #expect(!answer.text.contains("Nothing was changed"))
            #expect(try await server.get("/v1/blocks/?label=lost").ids.count == 1)
        }
    }

    @Test(arguments: Engines.all)
    func `a database that is gone is 503, and health stays`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            await server.storage.close()
            try await server.run([
                .get("/v1/health/", expect: 200),
                .get("/v1/ready/", expect: 503),
                .get("/v1/agents/", expect: 503),
                .post("/v1/blocks/", ["label": "y"], expect: 503),
            ])
        }
    }
}

private final class IsLost: Sendable {
    let value = Atomic(false)
}

/// A database that commits, and whose answer to the commit may be lost.
private struct LossyStorage: StorageWrapper {
    let base: any StorageEngine
    let isLost: IsLost

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        let value = try await base.write(body)
        if isLost.value.load(ordering: .relaxed) { throw SQLFailure(.outcomeUnknown, "the connection is lost") }
        return value
    }
}

/// A database whose writes may be cancelled.
private struct CancellableStorage: StorageWrapper {
    let base: any StorageEngine

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        let value = try await base.write(body)
        try Task.checkCancellation()
        return value
    }
}

/// A database whose disk takes no writes.
private struct FailedDisk: StorageWrapper {
    let base: any StorageEngine

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        throw SQLFailure(.unavailable, "the disk failed")
    }
}
