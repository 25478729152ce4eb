import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Sleep-time companions work after the turns of their agent.
@Suite(.timeLimit(.minutes(2))) struct CompanionTests {
    private func withCompanion(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["ann"] = try await server.newAgent(
                ["enable_sleeptime": true, "agent_type": "letta_v1_agent"] as JSONObject)
            let agent = try await server.get("/v1/agents/{ann}", as: .legacy).json
            server["group"] = try #require(agent["multi_agent_group"]?["id"]?.string)
            server["companion"] = try #require(agent["multi_agent_group"]?["agent_ids"]?[0]?.string)
            try await server.run([
                .patch(
                    "/v1/groups/{group}",
                    ["manager_config": ["manager_type": "sleeptime", "sleeptime_agent_frequency": 2]], expect: 200)
            ])
            _ = server.model.takeRequests()
            try await body(server)
        }
    }

    @Test func `nobody is their own companion, and companions start none`() async throws {
        try await withServer(on: .sqlite) { server in
            server["ann"] = try await server.newAgent("ann")
            server["bob"] = try await server.newAgent("bob")
            func pair(_ manager: String, _ companion: String) -> JSONValue {
                [
                    "description": "d", "agent_ids": [.string(companion)],
                    "manager_config": [
                        "manager_type": "sleeptime", "manager_agent_id": .string(manager),
                        "sleeptime_agent_frequency": 1,
                    ],
                ]
            }
            try await server.run([
                .post("/v1/groups/", pair("{ann}", "{ann}"), expect: 422).field("agent_ids"),
                .post("/v1/groups/", pair("{ann}", "{bob}"), expect: 200),
                .post("/v1/groups/", pair("{bob}", "{ann}"), expect: 200),
            ])
            let answer = try await server.say("Hi", to: server["ann"]).expect(200)
            let run = try #require(answer.json["usage"]?["run_ids"]?[0]?.string)
            _ = try await server.until("/v1/runs/\(run)") { $0["status"] == "completed" }
            try await server.run([.get("/v1/runs/?agent_id={bob}", expect: 200, [["id": .string(run)]])])
            #expect(try await server.get("/v1/runs/?agent_id={ann}").json.array?.count == 1)
        }
    }

    @Test(arguments: Engines.all)
    func `a companion runs every second turn and edits what its agent knows`(_ engine: TestEngine) async throws {
        try await withCompanion(on: engine) { server in
            server.model.play(
                .call("send_message", ["message": "I see."]),
                .call("memory_replace", ["label": "human", "old_string": "Ann", "new_string": "Ann likes tea"]),
                .call("memory_finish_edits", [:], id: "call_2"))
            let first = try await server.say("I like tea.", to: server["ann"]).expect(200)
            let run = try #require(first.json["usage"]?["run_ids"]?[0]?.string)
            _ = try await server.until("/v1/runs/\(run)") { $0["status"] == "completed" }
            try await server.run([
                .get(
                    "/v1/runs/\(run)", expect: 200,
                    [
                        "agent_id": "{companion}", "background": false,
                        "metadata": ["run_type": "sleeptime_agent_send_message_async"],
                    ]),
                .get(
                    "/v1/groups/{group}", expect: 200,
                    ["turns_counter": 0, "last_processed_message_id": .id("message")]),
                .get("/v1/agents/{ann}/core-memory/blocks/human", expect: 200, ["value": "Ann likes tea"]),
            ])
            let read = server.model.takeRequests()[1].messages.last ?? ""
            #expect(
                read.hasSuffix(
                    "Messages:\nuser: I like tea.\nassistant: I see.\nassistant: Tool call returned Sent message successfully."
                ), "\(read)")
            server.model.play(.call("send_message", ["message": "Two."]))
            try await server.say("Two?", to: server["ann"]).expect(200, ["usage": ["run_ids": nil]])
            let asked = server.model.takeRequests()
            #expect(asked.count == 1 && asked[0].system.contains("Ann likes tea"), "the next turn knows")
            try await server.restart()
            server.model.play(.call("send_message", ["message": "Three."]))
            let third = try await server.say("Three?", to: server["ann"]).expect(200)
            let next = try #require(third.json["usage"]?["run_ids"]?[0]?.string)
            _ = try await server.until("/v1/runs/\(next)") { $0["completed_at"] != .null }
            let later = server.model.takeRequests()[1].messages.last ?? ""
            #expect(later.contains("user: Two?\nassistant: Two.") && later.contains("user: Three?"))
            #expect(!later.contains("I like tea"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a companion is never in the way of the answer`(_ engine: TestEngine) async throws {
        try await withCompanion(on: engine) { server in
            let hold = ScriptedModel.Hold()
            server.model.play(.call("send_message", ["message": "Now."]), .hold(hold, then: .say("late")))
            let answer = try await server.say("Hi.", to: server["ann"]).expect(200)
            let run = try #require(answer.json["usage"]?["run_ids"]?[0]?.string)
            await hold.reached()
            try await server.say("Still there?", to: server["ann"]).expect(200)
            hold.release()
            _ = try await server.until("/v1/runs/\(run)") { $0["completed_at"] != .null }
            // The group's own route is the main agent's.
            server.model.play(.call("send_message", ["message": "Through the group."]))
            try await server.send(.post, "/v1/groups/{group}/messages", ["input": "x"]).expect(
                200, ["stop_reason": ["stop_reason": "tool_rule"]])
        }
    }

    @Test(arguments: Engines.all)
    func `what a companion did not get to read it reads the next time`(_ engine: TestEngine) async throws {
        try await withCompanion(on: engine) { server in
            try await server.run([
                .patch(
                    "/v1/groups/{group}",
                    ["manager_config": ["manager_type": "sleeptime", "sleeptime_agent_frequency": 1]], expect: 200)
            ])
            func say(_ text: String) async throws -> String {
                let answer = try await server.say(text, to: server["ann"]).expect(200)
                return try #require(answer.json["usage"]?["run_ids"]?[0]?.string)
            }
            let hold = ScriptedModel.Hold()
            let spoken = ScriptedModel.Play.call("send_message", ["message": "I see."])
            server.model.play(spoken, .hold(hold, then: .say("done")), spoken, spoken, spoken)
            let first = try await say("I like tea.")
            await hold.reached()
            // The second run waits for the first one, and never begins.
            let second = try await say("I like cake.")
            try await server.send(
                .post, "/v1/agents/{companion}/messages/cancel", ["run_ids": [.string(second)]]
            ).expect(200)
            _ = try await server.until("/v1/runs/\(second)") { $0["status"] == "cancelled" }
            hold.release()
            _ = try await server.until("/v1/runs/\(first)") { $0["status"] == "completed" }
            try await server.restart()
            _ = server.model.takeRequests()
            server.model.play(spoken, .say("done"), spoken, .say("done"))
            let third = try await say("I like pie.")
            _ = try await server.until("/v1/runs/\(third)") { $0["status"] == "completed" }
            let read = server.model.takeRequests()[1].messages.last ?? ""
            #expect(read.contains("user: I like cake.") && read.contains("user: I like pie."), "\(read)")
            #expect(!read.contains("tea"), "\(read)")
            let fourth = try await say("I like jam.")
            _ = try await server.until("/v1/runs/\(fourth)") { $0["status"] == "completed" }
            let last = server.model.takeRequests()[1].messages.last ?? ""
            #expect(last.contains("jam") && !last.contains("cake") && !last.contains("pie"), "\(last)")
        }
    }

    @Test(arguments: Engines.all)
    func `the companion of a voice agent keeps what is about to leave the buffer`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["ann"] = try await server.newAgent(
                [
                    "enable_sleeptime": true, "agent_type": "voice_convo_agent", "initial_message_sequence": [],
                ] as JSONObject)
            let group = try await server.get("/v1/agents/{ann}", as: .legacy).json["multi_agent_group"]
            server["group"] = try #require(group?["id"]?.string)
            server["companion"] = try #require(group?["agent_ids"]?[0]?.string)
            try await server.run([
                .patch(
                    "/v1/groups/{group}",
                    [
                        "manager_config": [
                            "manager_type": "voice_sleeptime", "max_message_buffer_length": 8,
                            "min_message_buffer_length": 5,
                        ]
                    ], expect: 200)
            ])
            let spoken = ScriptedModel.Play.call("send_message", ["message": "I see."])
            for text in ["I like tea.", "I like cake."] {
                server.model.play(spoken)
                try await server.say(text, to: server["ann"]).expect(200, ["usage": ["run_ids": nil]])
            }
            _ = server.model.takeRequests()
            let chunk: JSONValue = ["start_index": 0, "end_index": 1, "context": "Ann on her drinks."]
            let wrong: JSONValue = ["start_index": 0, "end_index": 99, "context": "x"]
            server.model.play(
                spoken, .call("store_memories", ["chunks": [wrong]]),
                .call("store_memories", ["chunks": [chunk], "request_heartbeat": true], id: "call_2"),
                .call(
                    "rethink_user_memory", ["new_memory": "Ann likes tea.", "request_heartbeat": true], id: "call_3"),
                .call("finish_rethinking_memory", [:], id: "call_4"))
            let answer = try await server.say("And pie.", to: server["ann"]).expect(200)
            let run = try #require(answer.json["usage"]?["run_ids"]?[0]?.string)
            _ = try await server.until("/v1/runs/\(run)") { $0["completed_at"] != .null }
            try await server.get("/v1/runs/\(run)").expect(
                200, ["status": "completed", "agent_id": .string(server["companion"])])
            let asked = server.model.takeRequests()
            let read = asked.dropFirst().first?.messages.last ?? ""
            #expect(read.contains("0. user: I like tea.\n1. assistant: I see."), "\(read)")
            #expect(!read.contains("pie"), "the newest messages stay in the buffer")
            #expect(asked.contains { $0.messages.contains { $0.contains("start_index and end_index") } })
            try await server.restart()
            let memory = try await server.get("/v1/agents/{ann}/archival-memory").expect(200)
            #expect(memory.json[0]?["text"] == "Ann on her drinks.\nuser: I like tea.\nassistant: I see.")
            try await server.run([
                .get("/v1/agents/{ann}/core-memory/blocks/human", expect: 200, ["value": "Ann likes tea."])
            ])
            // The agent that talks finds what was said.
            server.model.play(
                .call("search_memory", ["convo_keyword_queries": ["tea"], "request_heartbeat": true]), spoken)
            try await server.say("What do I drink?", to: server["ann"]).expect(200)
            let found = server.model.takeRequests().flatMap(\.messages).last { $0.hasPrefix("tool: ") } ?? ""
            #expect(found.contains("user: I like tea."), "\(found)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failed turn wakes no companion`(_ engine: TestEngine) async throws {
        try await withCompanion(on: engine) { server in
            server.model.play(.fail(.server, status: 500))
            #expect(try await server.say("Hi.", to: server["ann"]).status >= 500)
            try await server.run([
                .get("/v1/groups/{group}", expect: 200, ["turns_counter": -1]),
                .get("/v1/runs/?agent_id={companion}", expect: 200, []),
            ])
        }
    }
}
