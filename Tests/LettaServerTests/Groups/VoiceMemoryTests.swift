import JSON
import LettaAPI
import TestSupport
import Testing

/// The companion of a voice agent keeps what was said, after the reply, and the voice agent finds it again.
@Suite(.timeLimit(.minutes(2))) struct VoiceMemoryTests {
    private static let chunk: JSONValue = ["start_index": 0, "end_index": 1, "context": "Ann told what she drinks."]

    private func withVoice(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["ann"] = try await server.newAgent([
                "enable_sleeptime": true, "agent_type": "voice_convo_agent", "initial_message_sequence": [],
            ])
            let group = try await server.get("/v1/agents/{ann}", as: .legacy).json["multi_agent_group"]
            server["group"] = try #require(group?["id"]?.string)
            server["companion"] = try #require(group?["agent_ids"]?[0]?.string)
            let lengths: JSONValue = [
                "manager_type": "voice_sleeptime", "max_message_buffer_length": 6, "min_message_buffer_length": 5,
            ]
            try await server.run([
                .get("/v1/groups/{group}", expect: 200, ["max_message_buffer_length": 30]),
                .patch("/v1/groups/{group}", ["manager_config": lengths], expect: 200),
            ])
            _ = server.model.takeRequests()
            try await body(server)
        }
    }

    private func call(_ tool: String, _ arguments: JSONObject, goesOn: Bool = true) -> ScriptedModel.Play {
        var arguments = arguments
        if goesOn { arguments["request_heartbeat"] = true }
        return .call(tool, .object(arguments), id: "call_\(tool)")
    }

    @Test(arguments: Engines.all)
    func `what a voice agent heard is kept and found`(_ engine: TestEngine) async throws {
        try await withVoice(on: engine) { server in
            server.model.play(call("send_message", ["message": "Tea, then."], goesOn: false))
            try await server.say("I like green tea.", to: server["ann"]).expect(200, ["usage": ["run_ids": nil]])
            server.model.play(call("send_message", ["message": "Fine."], goesOn: false))
            try await server.say("Is it raining?", to: server["ann"]).expect(200, ["usage": ["run_ids": nil]])
            server.model.play(
                call("send_message", ["message": "Noted."], goesOn: false),
                call("store_memories", ["chunks": [Self.chunk]]),
                call("rethink_user_memory", ["new_memory": "Ann likes green tea."]),
                call("finish_rethinking_memory", [:], goesOn: false))
            let third = try await server.say("And my cat is Tom.", to: server["ann"]).expect(200)
            let run = try #require(third.json["usage"]?["run_ids"]?[0]?.string)
            _ = try await server.until("/v1/runs/\(run)") { $0["status"] == "completed" }
            let told = server.model.takeRequests().dropFirst(3).first?.messages.last ?? ""
            #expect(told.contains("\n0. user: I like green tea.\n1. assistant: Tea, then."), "\(told)")
            try await server.restart()
            let memory = "Ann told what she drinks.\nuser: I like green tea.\nassistant: Tea, then."
            try await server.run([
                .get("/v1/agents/{ann}/core-memory/blocks/human", expect: 200, ["value": "Ann likes green tea."]),
                .get("/v1/agents/{ann}/archival-memory", expect: 200, [["text": .string(memory)]]),
                .get("/v1/agents/{companion}/archival-memory", expect: 200, []),
            ])
            server.model.play(
                call("search_memory", ["convo_keyword_queries": ["green tea", "drinks"]]),
                call("send_message", ["message": "Green tea."], goesOn: false))
            let answer = try await server.say("What do I drink?", to: server["ann"]).expect(200)
            let found = answer.json["messages"]?.array?.compactMap { $0["tool_return"]?.string }.first ?? ""
            #expect(
                found.contains("user: I like green tea.") && found.contains("Ann told what she drinks."), "\(found)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `parts that are not there are refused`(_ engine: TestEngine) async throws {
        try await withVoice(on: engine) { server in
            let chunk: JSONValue = ["start_index": 0, "end_index": 99, "context": "x"]
            server.model.play(call("store_memories", ["chunks": [chunk]]), .say("done"))
            let answer = try await server.say("Go", to: server["companion"])
            #expect(answer.text.contains("There is no conversation of a voice agent to store."), "\(answer.text)")
            server.model.play(call("search_memory", ["start_minutes_ago": -1]), .say("done"))
            let searched = try await server.say("Go", to: server["ann"])
            #expect(searched.text.contains("Minutes are 0 or more"), "\(searched.text)")
        }
    }
}
