import JSON
import LettaAPI
import Storage
import Synchronization
import TestSupport
import Testing

@testable import LettaServer

/// A stream in the background can be left and taken up again, by its numbers.
@Suite(.timeLimit(.minutes(2))) struct RunStreamTests {
    @Test(arguments: Engines.all, [false, true])
    func `every later reader sees the same`(_ engine: TestEngine, _ tokens: Bool) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("All ", "done"))
            let events = try await server.stream(
                "Hi", to: agent, ["background": true, "stream_tokens": .bool(tokens)])
            let numbers = events.map { $0.json["seq_id"]?.int }
            let count = events.count - 3
            #expect(numbers == (1...count).map { Int64($0) as Int64? } + [nil, nil, nil])
            #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            let run = try #require(events[0].json["run_id"]?.string)
            #expect(events[0].type == "ping" && events[1].json["run_id"]?.string == run)
            for _ in 0..<2 {
                #expect(try await server.follow(run).map(\.text) == events.map(\.text))
                let rest = try await server.follow(run, ["starting_after": 3])
                #expect(rest.map(\.text) == events.dropFirst(3).map(\.text))
                let silent = try await server.follow(run, ["include_pings": false])
                #expect(silent.map(\.text) == events.dropFirst().map(\.text))
                #expect(try await server.follow(run, ["starting_after": 1_000]).map(\.type) == ["[DONE]"])
                try await server.send(.post, "/v1/runs/\(run)/stream", ["starting_after": -1]).expect(422)
                try await server.restart()
            }
            try await server.get("/v1/runs/\(run)").expect(
                200, ["background": true, "metadata": ["run_type": "send_message_streaming"]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a reader that comes while the run is at work sees the past and the rest`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on")))
            async let first = server.stream("Hi", to: agent, ["background": true, "stream_tokens": true])
            await hold.reached()
            let run = try #require(try await server.get("/v1/runs/active").ids.first)
            async let second = server.follow(run, ["starting_after": 1])
            hold.release()
            let events = try await first
            let said = events.filter { $0.type == "assistant_message" }.compactMap { $0.json["content"]?.string }
            #expect(said == ["I go ", "on"])
            #expect(try await second.map(\.text) == events.dropFirst().map(\.text))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `only the kinds of messages that were asked for are shown`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("done"))
            let events = try await server.stream(
                "Hi", to: agent, ["background": true, "include_return_message_types": ["assistant_message"]])
            let types = ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"]
            #expect(events.map(\.type) == types)
            let run = try #require(events[0].json["run_id"]?.string)
            #expect(try await server.follow(run).map(\.text) == events.map(\.text))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is no background run of ours can't be followed`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let agent = try await server.newAgent()
            let answer = try await server.say("Hi", to: agent)
            let foreground = try #require(answer.json["messages"]?[0]?["run_id"]?.string)
            for (run, status) in [(foreground, 400), ("run-\(nobody)", 404), ("x", 422)] {
                try await server.send(.post, "/v1/runs/\(run)/stream", [:]).expect(status)
            }
            let events = try await server.stream("Hi", to: agent, ["background": true])
            let run = try #require(events[0].json["run_id"]?.string)
            // The end of a server waits until all is stored.
            try await server.restart()
            // The events are kept for a day, the messages for ever.
            time.pass(hours: 25)
            try await server.send(.post, "/v1/runs/\(run)/stream", [:]).expect(410)
            let next = try await server.stream("Hi", to: agent, ["background": true])
            #expect(next.count == events.count)
            try await server.restart()
            try await RetentionService(server.storage, now: { time.now }).sweep()
            let rows = try await server.storage.read { db in
                try db.rows("SELECT DISTINCT run_id FROM run_event").map { try $0["run_id"] as String }
            }
            #expect(rows == [next[0].json["run_id"]?.string])
            #expect(try await server.said(by: agent).count == 6)
        }
    }
}
