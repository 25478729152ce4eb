import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Agents, conversations and groups that are deleted while they are at work: their turns end in order.
@Suite(.timeLimit(.minutes(2))) struct DeletionTests {
    private static let forms: [JSONObject] = [
        ["streaming": false], ["streaming": true], ["streaming": true, "stream_tokens": true],
        ["streaming": true, "background": true],
    ]

    private func expectCancelled(_ answer: Answer, _ form: JSONObject) {
        guard form["streaming"] == true else {
            answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            return
        }
        let events = StreamedEvent.all(in: answer.text)
        #expect(answer.status == 200)
        #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"], "\(answer.text)")
        #expect(events.contains { $0.json["stop_reason"] == "cancelled" }, "\(answer.text)")
    }

    @Test(arguments: Engines.scenarios, forms)
    func `the turn of a deleted agent is cancelled, and those that wait are told`(
        _ engine: TestEngine, _ form: JSONObject
    ) async throws {
        try await withServer(on: engine) { server in
            let (agent, other) = (try await server.newAgent(), try await server.newAgent())
            let hold = ScriptedModel.Hold()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"]), .hold(hold, then: .say("late")))
            async let answer = server.say("one", to: agent, form)
            await hold.reached()
            async let next = server.say("two", to: agent)
            try await server.send(.delete, "/v1/agents/\(agent)").expect(200)
            hold.release()
            expectCancelled(try await answer, form)
            try await next.expect(404)
            try await server.say("three", to: agent).expect(404)
            try await server.get("/v1/runs/?agent_id=\(agent)").expect(200, [])
            try await server.say("Hi", to: other).expect(200, ["messages": [["content": "ok"]]])
        }
    }

    @Test(arguments: Engines.all)
    func `a turn that finds its agent gone is cancelled too`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .call("memory_insert", ["label": "human", "new_string": "x"])))
            async let answer = server.say("one", to: agent)
            await hold.reached()
            // Past the route: nobody tells the turn.
            try await server.storage.write { db in _ = try db.execute("DELETE FROM agent WHERE id = \(agent)") }
            hold.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
        }
    }

    @Test(arguments: Engines.scenarios, forms)
    func `the turn of a deleted conversation is cancelled and says why`(
        _ engine: TestEngine, _ form: JSONObject
    ) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let talk = try await server.newConversation(with: agent)
            let hold = ScriptedModel.Hold()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"]), .hold(hold, then: .say("late")))
            var body = form
            body["input"] = "one"
            async let answer = server.send(.post, "/v1/conversations/\(talk)/messages", .object(body))
            await hold.reached()
            try await server.send(.delete, "/v1/conversations/\(talk)").expect(200)
            hold.release()
            expectCancelled(try await answer, form)
            let run = try #require(try await server.get("/v1/runs/?agent_id=\(agent)").ids.first)
            try await server.restart()
            try await server.get("/v1/runs/\(run)").expect(
                200,
                [
                    "status": "cancelled", "stop_reason": "cancelled",
                    "metadata": ["error": .text(containing: "conversation was deleted")],
                ])
            try await server.say("two", in: talk).expect(404)
            try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "ok"]]])
        }
    }

    @Test(arguments: Engines.scenarios, [false, true])
    func `the talk of a deleted group ends, and its agents go on alone`(
        _ engine: TestEngine, _ streams: Bool
    ) async throws {
        try await withServer(on: engine) { server in
            for name in ["ann", "bob"] {
                server[name] = try await server.newAgent(name, ["agent_type": "letta_v1_agent"])
            }
            try await server.run([
                .post("/v1/groups/", ["agent_ids": ["{ann}", "{bob}"], "description": "d"], expect: 200).keep("group")
            ])
            let hold = ScriptedModel.Hold()
            server.model.play(.say("one"), .hold(hold, then: .say("late")))
            let path = "/v1/groups/{group}/messages\(streams ? "/stream" : "")"
            async let answer = server.send(.post, path, ["input": "Talk."])
            await hold.reached()
            async let waiting = server.send(.post, "/v1/groups/{group}/messages", ["input": "More."])
            try await server.run([.delete("/v1/groups/{group}", expect: 200)])
            hold.release()
            expectCancelled(try await answer, ["streaming": .bool(streams)])
            #expect([200, 404].contains(try await waiting.status))
            try await server.get("/v1/runs/?agent_id={bob}").expect(
                200, [["status": "cancelled", "metadata": ["error": .text(containing: "group was deleted")]]])
            try await server.say("Hi", to: server["bob"]).expect(200, ["messages": [["content": "ok"]]])
            try await server.send(.post, "/v1/groups/{group}/messages", ["input": "x"]).expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a group ends when an agent that talks is deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for name in ["ann", "bob"] {
                server[name] = try await server.newAgent(name, ["agent_type": "letta_v1_agent"])
            }
            try await server.run([
                .post("/v1/groups/", ["agent_ids": ["{ann}", "{bob}"], "description": "d"], expect: 200).keep("group")
            ])
            let hold = ScriptedModel.Hold()
            server.model.play(.say("one"), .hold(hold, then: .say("late")))
            async let answer = server.send(.post, "/v1/groups/{group}/messages", ["input": "Talk."])
            await hold.reached()
            try await server.run([.delete("/v1/agents/{bob}", expect: 200)])
            hold.release()
            try await answer.expect(
                200, ["messages": [["content": "one"]], "stop_reason": ["stop_reason": "cancelled"]])
            try await server.send(.post, "/v1/groups/{group}/messages", ["input": "Again."]).expect(
                200, ["messages": [["content": "ok"]]])
        }
    }
}
