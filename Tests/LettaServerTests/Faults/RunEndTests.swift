import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// No run stays at work because the database refused its end.
@Suite(.timeLimit(.minutes(2))) struct RunEndTests {
    private static let full = SQLFailure(.unavailable, "database or disk is full")

    /// What the database says, whatever the server knows.
    private func stored(_ run: String, _ column: SQLText = "status", on server: TestServer) async throws -> String? {
        try await server.storage.read { db in try db.value("SELECT \(column) FROM run WHERE id = \(run)") }
    }

    /// Lets the server try again until the run has ended in the database.
    private func waitForEnd(of run: String, on server: TestServer, _ clock: ManualClock) async throws {
        while try await stored(run, on: server) == "running" {
            clock.advance(by: RunEnds.delay)
            await Task.yield()
        }
    }

    /// Starts a turn and calls `body` while it waits for its model; then the model answers.
    private func turn(
        of agent: String, on server: TestServer, _ body: (_ run: String) async throws -> Void
    ) async throws -> (answer: Answer, run: String) {
        let hold = ScriptedModel.Hold()
        server.model.play(.hold(hold, then: .say("late")))
        async let answer = server.say("Hi", to: agent)
        await hold.reached()
        let run = try #require(try await server.get("/v1/runs/active?agent_id=\(agent)").ids.first)
        try await body(run)
        hold.release()
        return (try await answer, run)
    }

    @Test(arguments: Engines.all)
    func `an end that the database refuses is known at once and stored later`(_ engine: TestEngine) async throws {
        try await withRefusingStorage(on: engine) { server, storage, clock in
            let agent = try await server.newAgent()
            let (answer, run) = try await turn(of: agent, on: server) { _ in storage.refuse(Self.full) }
            answer.expect(500, ["error": ["type": "internal_error"]])
            #expect(try await stored(run, on: server) == "running")
            let ended: JSONValue = ["status": "failed", "stop_reason": "error", "completed_at": .anything]
            try await server.get("/v1/runs/\(run)").expect(200, ended)
            try await server.get("/v1/runs/").expect(200, [ended])
            try await server.get("/v1/runs/active").expect(200, [])
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel", [:]).expect(409)
            try await server.send(.delete, "/v1/runs/\(run)").expect(503)
            try await server.get("/v1/ready/").expect(503)

            await clock.waitForSleeper(dueWithin: RunEnds.delay)
            clock.advance(by: RunEnds.delay)
            await clock.waitForSleeper(dueWithin: RunEnds.delay)
            #expect(try await stored(run, on: server) == "running", "it is still refused")
            storage.refuse(nil)
            try await server.get("/v1/ready/").expect(200)
            try await waitForEnd(of: run, on: server, clock)
            #expect(try await stored(run, on: server) == "failed")
            #expect(try await server.get("/v1/agents/\(agent)").json["last_stop_reason"] == "error")
            try await server.say("again", to: agent).expect(200)
            #expect(try await server.get("/v1/agents/\(agent)").json["last_stop_reason"] == "end_turn")
        }
    }

    @Test(arguments: Engines.all)
    func `no kind of failure leaves a run that runs`(
        _ engine: TestEngine
    ) async throws {
        for kind in [
            SQLFailure.Kind.outcomeUnknown, .busy, .timedOut, .other, .checkViolation, .decoding, .uniqueViolation("x"),
        ] {
            try await withRefusingStorage(on: engine) { server, storage, clock in
                let agent = try await server.newAgent()
                let (_, run) = try await turn(of: agent, on: server) { _ in storage.refuse(SQLFailure(kind, "test")) }
                for _ in 0...RunEnds.slowdown {
                    await clock.waitForSleeper(dueWithin: RunEnds.delay)
                    clock.advance(by: RunEnds.delay)
                }
                await clock.waitForSleeper(dueWithin: RunEnds.delay)
                try await server.get("/v1/runs/\(run)").expect(200, ["status": "failed", "completed_at": .anything])
                storage.refuse(nil)
                try await waitForEnd(of: run, on: server, clock)
                #expect(try await stored(run, on: server) == "failed")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run whose end is kept can be deleted, and its agent sends on`(_ engine: TestEngine) async throws {
        try await withRefusingStorage(on: engine) { server, storage, clock in
            let agent = try await server.newAgent()
            let (_, run) = try await turn(of: agent, on: server) { _ in storage.refuse(Self.full) }
            storage.refuse(nil)
            try await server.send(.delete, "/v1/runs/\(run)").expect(200, ["status": "failed"])
            try await server.get("/v1/runs/\(run)").expect(404)
            await clock.waitForSleeper(dueWithin: RunEnds.delay)
            clock.advance(by: RunEnds.delay)
            try await server.say("again", to: agent).expect(200)
            try await server.get("/v1/runs/?agent_id=\(agent)").expect(200, [["status": "completed"]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a cancelled run is cancelled, although the database refuses it`(_ engine: TestEngine) async throws {
        try await withRefusingStorage(on: engine) { server, storage, clock in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages/cancel"
            let (answer, run) = try await turn(of: agent, on: server) { run in
                storage.refuse(Self.full)
                try await server.send(.post, path, ["run_ids": [.string(run)]]).expect(200, [run: "cancelled"])
            }
            answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "cancelled"])
            try await server.send(.post, path, ["run_ids": [.string(run)]]).expect(200, [run: "cancelled"])
            storage.refuse(nil)
            try await waitForEnd(of: run, on: server, clock)
            #expect(try await stored(run, on: server) == "cancelled")
        }
    }

    @Test(arguments: Engines.all)
    func `the events of a background run are stored when the database is back`(_ engine: TestEngine) async throws {
        try await withRefusingStorage(on: engine) { server, storage, clock in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            let run = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "Hi"]).expect(200).id
            await hold.reached()
            storage.refuse(Self.full)
            hold.release()
            let types = try await server.follow(run).map(\.type)
            #expect(types.suffix(3) == ["stop_reason", "error_message", "[DONE]"])
            #expect(try await server.follow(run).map(\.type) == types, "from memory")
            storage.refuse(nil)
            try await waitForEnd(of: run, on: server, clock)
            while try await server.storage.read({ db in
                try db.value("SELECT COUNT(*) FROM run_event WHERE run_id = \(run)") as Int? ?? 0
            }) < types.count - 1 {
                clock.advance(by: RunEnds.delay)
                await Task.yield()
            }
            try await server.restart()
            #expect(try await server.follow(run).map(\.type) == types, "from the table")
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "failed"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a server that stops stores what it kept, and does not wait for the database`(_ engine: TestEngine)
        async throws
    {
        for isBack in [true, false] {
            try await withRefusingStorage(on: engine) { server, storage, _ in
                let agent = try await server.newAgent()
                let (_, run) = try await turn(of: agent, on: server) { _ in storage.refuse(Self.full) }
                if isBack { storage.refuse(nil) }
                try await server.restart()
                try await server.get("/v1/runs/\(run)").expect(200, ["status": "failed", "stop_reason": "error"])
            }
        }
    }

    @Test func `a disk that is full for a while leaves no run and no false readiness`() async throws {
        let files = FaultyFileSystem()
        let clock = ManualClock()
        let change: (inout TestServer.Options) -> Void = { options in
            options.fileSystem = files
            options.clock = clock
        }
        try await withServer(on: .sqlite, change) { server in
            let agent = try await server.newAgent()
            let (answer, run) = try await turn(of: agent, on: server) { _ in files.isFull = true }
            #expect(answer.status == 500)
            #expect(files.events.contains(.failedWrite))
            try await server.get("/v1/ready/").expect(503)
            try await server.get("/v1/health/").expect(200)
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "failed"])
            files.isFull = false
            try await server.get("/v1/ready/").expect(200)
            try await waitForEnd(of: run, on: server, clock)
            try await server.say("again", to: agent).expect(200)
            let check: String? = try await server.storage.read { db in try db.value("PRAGMA integrity_check") }
            #expect(check == "ok")
        }
    }
}
