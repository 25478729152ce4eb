import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// The end of a run is announced where its sender wished.
@Suite(.timeLimit(.minutes(2))) struct RunCallbackTests {
    private static let local = ["LETTA_ALLOWED_PRIVATE_HOSTS": "127.0.0.1"]

    private func start(_ server: TestServer, _ agent: String, _ url: String) async throws -> String {
        let run = try await server.send(
            .post, "/v1/agents/\(agent)/messages/async", ["input": "Hi", "callback_url": .string(url)]
        ).expect(200, ["callback_url": .string(url), "callback_sent_at": nil]).id
        _ = try await server.follow(run)
        return run
    }

    /// The run once `isReady` holds. Nothing tells when the outcome is stored, which takes a moment after the answer to
    /// the callback.
    private func run(
        _ id: String, _ server: TestServer, once isReady: (JSONValue) -> Bool = { $0["callback_sent_at"] != .null }
    ) async throws -> JSONValue {
        var answer = try await server.get("/v1/runs/\(id)").json
        for _ in 0..<20_000 where !isReady(answer) {
            await Task.yield()
            answer = try await server.get("/v1/runs/\(id)").json
        }
        return answer
    }

    private func nextTime(_ server: TestServer) async throws -> Timestamp? {
        try await server.storage.read { db in try RunCallbackStore.nextTime(db) }
    }

    @Test(arguments: Engines.scenarios)
    func `whoever listens is told once`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}", status: 202)) { listener in
            try await withServer(on: engine, { $0.environment = Self.local }) { server in
                let agent = try await server.newAgent()
                let id = try await start(server, agent, "\(listener.baseURL)/done")
                let run = try await run(id, server)
                #expect(run["callback_status_code"]?.int == 202)
                #expect(run["callback_error"] == .null)
                #expect(listener.received.map(\.path) == ["/v1/done"])
                #expect(
                    listener.received[0].body.differences(from: [
                        "run_id": run["id"] ?? .null, "agent_id": .string(agent), "status": "completed",
                        "stop_reason": "end_turn", "completed_at": .anything,
                    ]) == [])
                #expect(listener.received[0].header(CallbackSignature.header) == nil)
                try await server.restart()
                try await server.get("/v1/runs/\(id)").expect(200, ["callback_status_code": 202])
                // What a run fails of is announced as well.
                server.model.play(.fail(.server, status: 500))
                let failed = try await start(server, agent, listener.baseURL)
                #expect(try await self.run(failed, server)["status"] == "failed")
                #expect(listener.received.last?.body["stop_reason"] == "llm_api_error")
                #expect(listener.received.count == 2)
            }
        }
    }

    @Test(arguments: Engines.all)
    func `a listener that is away is told later, across restarts`(_ engine: TestEngine) async throws {
        let clock = ManualClock()
        let start = Timestamp(microseconds: 1_800_000_000_000_000)
        let now: @Sendable () -> Timestamp = {
            let time = clock.now.offset.components
            return Timestamp(microseconds: start.microseconds + time.seconds * 1_000_000)
        }
        try await FakeOpenAI.serving(.json("no", status: 503)) { listener in
            try await withServer(
                on: engine,
                {
                    $0.environment = Self.local
                    $0.clock = clock
                    $0.now = now
                },
                { server in
                    let agent = try await server.newAgent()
                    let id = try await self.start(server, agent, listener.baseURL)
                    let first = try await run(id, server)
                    #expect(first["callback_status_code"]?.int == 503 && first["callback_error"] == .null)
                    await clock.waitForSleeper(dueWithin: .seconds(10))
                    #expect(listener.received.count == 1)
                    clock.advance(by: .seconds(10))
                    let second = try await run(id, server) { $0["callback_sent_at"] != first["callback_sent_at"] }
                    #expect(second["callback_status_code"]?.int == 503 && listener.received.count == 2)

                    try await server.restart()
                    listener.play(.json("{}"))
                    await clock.waitForSleeper(dueWithin: .seconds(20))
                    clock.advance(by: .seconds(20))
                    let third = try await run(id, server) { $0["callback_status_code"]?.int == 200 }
                    #expect(third["callback_status_code"]?.int == 200 && listener.received.count == 3)
                    #expect(try await nextTime(server) == nil)
                })
        }
    }

    @Test func `attempts end after an hour or so`() {
        let delays = (1..<RunCallbackService.maximumAttempts).map { RunCallbackService.delay(after: $0) }
        #expect(delays.prefix(3) == [.seconds(10), .seconds(20), .seconds(40)])
        #expect(delays.allSatisfy { $0 <= .seconds(3_600) })
    }

    @Test(arguments: Engines.scenarios)
    func `a refusal and a redirect end the attempts`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("no", status: 404)) { listener in
            try await withServer(on: engine, { $0.environment = Self.local }) { server in
                let agent = try await server.newAgent()
                let refused = try await run(try await start(server, agent, listener.baseURL), server)
                #expect(refused["callback_status_code"]?.int == 404 && refused["callback_error"] == .null)
                listener.play(.json("", status: 302, headers: ["location": "http://127.0.0.1:1/"]))
                let led = try await run(try await start(server, agent, listener.baseURL), server)
                #expect(led["callback_error"]?.string?.contains("does not follow") == true)
                #expect(try await nextTime(server) == nil)
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `nobody there is noted and tried again`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.environment = Self.local }) { server in
            let agent = try await server.newAgent()
            let missed = try await run(try await start(server, agent, "http://127.0.0.1:1/x"), server)
            #expect(missed["callback_status_code"] == .null)
            #expect(missed["callback_error"]?.string?.isEmpty == false)
            #expect(missed["status"] == "completed")
            #expect(try await nextTime(server) != nil)
            // A deleted run takes its callback with it.
            try await server.send(.delete, "/v1/runs/\(missed["id"]?.string ?? "")").expect(200)
            #expect(try await nextTime(server) == nil)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a private address is not called unless it is allowed`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}"), models: #"{"data":[]}"#) { listener in
            try await withServer(on: engine) { server in
                let agent = try await server.newAgent()
                let run = try await run(try await start(server, agent, listener.baseURL), server)
                #expect(run["callback_status_code"] == .null)
                #expect(run["callback_error"]?.string?.contains("LETTA_ALLOWED_PRIVATE_HOSTS") == true, "\(run)")
                #expect(listener.received.isEmpty)
            }
            // An exchange, so that the listener has accepted a connection before it closes.
            _ = try await listener.provider().listModels()
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a callback is signed with the secret`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}")) { listener in
            try await withServer(
                on: engine,
                { $0.environment = ["LETTA_ALLOWED_PRIVATE_HOSTS": "*", "LETTA_CALLBACK_SECRET": "shared"] },
                { server in
                    let agent = try await server.newAgent()
                    _ = try await run(try await start(server, agent, listener.baseURL), server)
                    let received = listener.received[0]
                    let signature = try #require(received.header(CallbackSignature.header))
                    let seconds = try #require(signature.split(separator: ",").first?.split(separator: "=").last)
                    let time = Timestamp(microseconds: try #require(Int64(seconds)) * 1_000_000)
                    let body = JSONWriter.bytes(of: received.body)
                    #expect(signature == CallbackSignature(secret: Secret("shared")).text(for: body, at: time))
                })
        }
    }

    @Test func `a signature is the one that others compute`() {
        let signature = CallbackSignature(secret: Secret("shared")).text(
            for: Array(#"{"a":1}"#.utf8), at: Timestamp(microseconds: 1_800_000_000_999_999))
        #expect(
            signature
                == "t=1800000000,v1=a9beda7899401751514e68eb126f628ed95127cc035b2a09293b2854cf655a4a")
    }
}
