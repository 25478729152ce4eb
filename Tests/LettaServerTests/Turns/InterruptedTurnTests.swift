import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// What a killed process left open is closed by the next one.
@Suite(.timeLimit(.minutes(5))) struct InterruptedTurnTests {
    @Test(arguments: Engines.scenarios)
    func `a call without a result is closed at the next message`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"], id: "call_7"), .say("done"))
            let answer = try await server.say("one", to: agent).expect(200)
            let final = try #require(answer.json["messages"]?[2]?["id"]?.string)
            try await server.storage.write { db in
                try db.execute("DELETE FROM message WHERE role = 'tool' OR id = \(final)")
            }
            try await server.restart()
            _ = server.model.takeRequests()
            try await server.say("two", to: agent).expect(200, ["messages": [["content": "ok"]]])
            let seen = try #require(server.model.takeRequests().first).messages
            #expect(seen.count == 4, "\(seen)")
            #expect(seen.count > 2 && seen[2].hasPrefix("tool: ") && seen[2].contains("interrupted"))
            let said = try await server.said(by: agent)
            #expect(said.contains { $0.hasPrefix("tool_return_message: ") && $0.contains("interrupted") })
            try await server.say("three", to: agent).expect(200)
            #expect(server.model.takeRequests().first?.messages.count == 6, "it is closed once")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a call whose result was lost long ago gets no new message with each turn`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"], id: "call_7"), .say("done"))
            try await server.say("one", to: agent).expect(200)
            try await server.storage.write { db in try db.execute("DELETE FROM message WHERE role = 'tool'") }
            _ = server.model.takeRequests()
            for text in ["two", "three"] { try await server.say(text, to: agent).expect(200) }
            let seen = try #require(server.model.takeRequests().last).messages
            #expect(seen.filter { $0.contains("interrupted") }.count == 1, "the model sees a result: \(seen)")
            #expect(seen.count == 7, "one, call, result, done, two, its answer, three: \(seen)")
            #expect(try await !server.said(by: agent).contains { $0.contains("interrupted") })
        }
    }

    @Test(arguments: Engines.all)
    func `runs that were at work are failed at the next start`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let answer = try await server.say("one", to: agent).expect(200)
            let run = try #require(answer.json["messages"]?[0]?["run_id"]?.string)
            try await server.storage.write { db in
                _ = try db.execute(
                    "UPDATE run SET status = 'running', stop_reason = NULL, completed_at = NULL WHERE id = \(run)")
            }
            #expect(try await server.get("/v1/runs/active").ids == [run])
            try await server.send(.delete, "/v1/runs/\(run)").expect(409)
            try await server.restart()
            try await server.get("/v1/runs/\(run)").expect(
                200, ["status": "failed", "stop_reason": "error", "completed_at": .anything])
            try await server.get("/v1/runs/active").expect(200, [])
            try await server.say("two", to: agent).expect(200)
        }
    }
}
