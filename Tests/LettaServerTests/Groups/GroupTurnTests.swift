import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Agents that talk in a group.
@Suite(.timeLimit(.minutes(2))) struct GroupTurnTests {
    private func withGroup(
        on engine: TestEngine, _ config: JSONValue,
        _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            for name in ["ann", "bob", "boss"] {
                server[name] = try await server.newAgent(name, ["agent_type": "letta_v1_agent"])
            }
            try await server.run([
                .post(
                    "/v1/groups/",
                    ["agent_ids": ["{ann}", "{bob}"], "description": "d", "manager_config": config], expect: 200
                ).keep("group")
            ])
            _ = server.model.takeRequests()
            try await body(server)
        }
    }

    private func say(_ text: String, _ server: TestServer) async throws -> Answer {
        try await server.send(
            .post, "/v1/groups/{group}/messages", ["messages": [["role": "user", "content": .string(text)]]])
    }

    /// `type: content` of the group's messages, oldest first.
    private func listed(_ server: TestServer) async throws -> [String] {
        let list = try await server.get("/v1/groups/{group}/messages?order=asc&limit=100")
        return try #require(list.json.array, "\(list.text)").map { entry in
            "\(entry["message_type"]?.string ?? ""): \(entry["content"]?.string ?? "")"
        }
    }

    @Test(arguments: Engines.all)
    func `agents take turns and hear each other`(_ engine: TestEngine) async throws {
        try await withGroup(on: engine, ["manager_type": "round_robin", "max_turns": 3]) { server in
            let other = try await server.addOrganization()
            server.model.play(.say("I am Ann."), .say("I am Bob."), .say("Ann again."))
            let answer = try await say("Who are you?", server)
            answer.expect(
                200,
                [
                    "messages": [["content": "I am Ann."], ["content": "I am Bob."], ["content": "Ann again."]],
                    "stop_reason": ["stop_reason": "end_turn"], "usage": ["step_count": 3, "total_tokens": 45],
                ])
            let heard = server.model.takeRequests().map { $0.messages.suffix(2) }
            #expect(heard[0].last == "user: Who are you?")
            #expect(heard[1] == ["user: Who are you?", "user: ann: I am Ann."])
            #expect(heard[2].last == "user: bob: I am Bob.")
            let said = [
                "user_message: Who are you?", "assistant_message: I am Ann.", "assistant_message: I am Bob.",
                "assistant_message: Ann again.",
            ]
            #expect(try await listed(server) == said)
            // The first speaker has missed nothing but the end.
            server.model.play(.say("a"), .say("b"), .say("c"))
            try await say("More.", server).expect(200)
            #expect(
                server.model.takeRequests()[1].messages.suffix(3) == [
                    "user: ann: Ann again.", "user: More.", "user: ann: a",
                ])
            try await server.restart()
            #expect(try await listed(server).prefix(5) == said + ["user_message: More."])
            let page = try await server.get("/v1/groups/{group}/messages?limit=1")
            #expect(page.json[0]?["content"] == "c" && page[header: "Link"]?.contains("after=") == true)
            try await server.run([
                .get("/v1/groups/{group}/messages", as: other, expect: 404),
                .post("/v1/groups/{group}/messages", ["input": "x"], as: other, expect: 404),
                .post("/v1/groups/group-\(nobody)/messages", ["input": "x"], expect: 404),
                .post("/v1/groups/group-\(nobody)/messages/stream", ["input": "x"], expect: 404),
                .post("/v1/groups/{group}/messages", [:], expect: 422).field("messages"),
                .patch("/v1/groups/{group}/reset-messages", as: other, expect: 404),
                .patch("/v1/groups/{group}/reset-messages", expect: 200, nil),
                .get("/v1/groups/{group}/messages", expect: 200, []),
            ])
            try await say("Anew.", server).expect(200)
            #expect(server.model.takeRequests()[0].messages == ["user: Anew."], "agents have forgotten the group")
            server.model.play(.say("Alone."))
            try await server.say("And you?", to: server["ann"]).expect(200)
            for list in ["/v1/agents/{ann}/messages?", "/v1/conversations/{ann}/messages?"] {
                let ofGroup = try await server.get("\(list)group_id={group}").text
                #expect(ofGroup.contains("Anew.") && !ofGroup.contains("Alone."), "\(ofGroup)")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a stream of a group`(_ engine: TestEngine) async throws {
        try await withGroup(on: engine, ["manager_type": "round_robin"]) { server in
            server.model.play(.say("one"), .say("two"))
            let answer = try await server.send(.post, "/v1/groups/{group}/messages/stream", ["input": "Hi."])
            let events = StreamedEvent.all(in: answer.text)
            let types = events.compactMap { $0.json["message_type"]?.string }
            #expect(
                types.filter { $0 != "ping" } == [
                    "assistant_message", "assistant_message", "stop_reason", "usage_statistics",
                ], "\(answer.text)")
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a supervisor asks all and answers`(_ engine: TestEngine) async throws {
        try await withGroup(on: engine, ["manager_type": "supervisor", "manager_agent_id": "{boss}"]) { server in
            server.model.play(.say("Count."), .say("1"), .say("2"), .say("They counted."))
            try await say("Let them count.", server).expect(
                200,
                [
                    "messages": [
                        ["content": "Count."], ["content": "1"], ["content": "2"], ["content": "They counted."],
                    ]
                ])
            let heard = server.model.takeRequests().map(\.messages)
            #expect(heard[1].contains("user: boss: Count."))
            #expect(heard[3].contains("user: ann: 1") && heard[3].contains("user: bob: 2"))
            #expect(try await listed(server).filter { $0.hasPrefix("user") } == ["user_message: Let them count."])
            #expect(try await server.get("/v1/runs/?agent_id={boss}").ids.count == 2)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a manager chooses who speaks until it says the token`(_ engine: TestEngine) async throws {
        let config: JSONValue = ["manager_type": "dynamic", "manager_agent_id": "{boss}", "termination_token": "STOP"]
        try await withGroup(on: engine, config) { server in
            server.model.play(.say("bob"), .say("From Bob."), .say("It is Ann."), .say("From Ann."), .say("STOP"))
            try await say("Talk.", server).expect(
                200,
                [
                    "messages": [["content": "From Bob."], ["content": "From Ann."]],
                    "stop_reason": ["stop_reason": "end_turn"], "usage": ["step_count": 5],
                ])
            #expect(
                try await listed(server) == [
                    "user_message: Talk.", "assistant_message: From Bob.", "assistant_message: From Ann.",
                ])
            let heard = server.model.takeRequests().map(\.messages)
            #expect(heard[1] == ["user: Talk."])
            #expect(heard[3] == ["user: Talk.", "user: bob: From Bob."])
            try await server.run([
                .patch(
                    "/v1/groups/{group}", ["manager_config": ["manager_type": "dynamic", "max_turns": 1]], expect: 200)
            ])
            server.model.play(.say("nobody that is here"), .say("x"))
            try await say("Again.", server).expect(200, ["stop_reason": ["stop_reason": "max_steps"]])
        }
    }

    @Test(arguments: Engines.all)
    func `a talk goes on when the agent that waits is answered`(_ engine: TestEngine) async throws {
        try await withGroup(on: engine, ["manager_type": "round_robin", "max_turns": 4]) { server in
            try await server.send(
                .patch, "/v1/agents/{bob}/tools/approval/conversation_search", ["requires_approval": true]
            ).expect(200)
            server.model.play(.say("one"), .call("conversation_search", ["query": "x"], id: "call_7"))
            try await say("Talk.", server).expect(
                200,
                [
                    "messages": [["content": "one"], ["message_type": "approval_request_message"]],
                    "stop_reason": ["stop_reason": "requires_approval"],
                ])
            func decide(_ id: String) async throws -> Answer {
                try await server.send(
                    .post, "/v1/groups/{group}/messages",
                    [
                        "messages": [
                            [
                                "type": "approval",
                                "approvals": [["type": "approval", "tool_call_id": .string(id), "approve": true]],
                            ]
                        ]
                    ])
            }
            try await decide("call_9").expect(400, ["detail": .text(containing: "call_7")])
            try await server.restart()
            server.model.play(.say("two"), .say("three"), .say("four"))
            try await decide("call_7").expect(
                200,
                [
                    "messages": [
                        ["message_type": "tool_return_message"], ["content": "two"], ["content": "three"],
                        ["content": "four"],
                    ], "stop_reason": ["stop_reason": "end_turn"],
                ])
            try await decide("call_7").expect(400)
            let said = try await listed(server).filter { $0.hasPrefix("assistant_message") }
            #expect(said == ["one", "two", "three", "four"].map { "assistant_message: \($0)" })
            server.model.play(.say("a"), .say("b"), .say("c"), .say("d"))
            try await say("More.", server).expect(200, ["messages": .elements(4)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a manager that waits is answered through its group`(_ engine: TestEngine) async throws {
        for type in ["supervisor", "dynamic"] {
            let config: JSONValue = ["manager_type": .string(type), "manager_agent_id": "{boss}"]
            try await withGroup(on: engine, config) { server in
                try await server.send(
                    .patch, "/v1/agents/{boss}/tools/approval/conversation_search", ["requires_approval": true]
                ).expect(200)
                server.model.play(.call("conversation_search", ["query": "x"], id: "call_7"))
                try await say("Talk.", server).expect(200, ["stop_reason": ["stop_reason": "requires_approval"]])
                server.model.play(.say("bob"), .say("1"), .say(type == "dynamic" ? "DONE!" : "2"), .say("End."))
                let answer = try await server.send(
                    .post, "/v1/groups/{group}/messages",
                    ["messages": [["type": "approval", "approvals": [["tool_call_id": "call_7", "approve": true]]]]])
                answer.expect(200, ["stop_reason": ["stop_reason": "end_turn"]])
                let said = answer.json["messages"]?.array?.compactMap { $0["content"]?.string }
                #expect(said == (type == "dynamic" ? ["1"] : ["bob", "1", "2", "End."]), "\(answer.text)")
            }
        }
    }

    @Test func `the token ends a talk only as the manager's word`() {
        for answer in ["DONE!", " \"DONE!\"\n", "All is said. DONE!", "DONE! Thank you."] {
            #expect(GroupTalk.ends(answer, with: "DONE!"), "\(answer)")
        }
        for answer in ["Bob", "UNDONE!", "Ask Bob whether it is DONE! already.", "DONE!ish", ""] {
            #expect(!GroupTalk.ends(answer, with: "DONE!"), "\(answer)")
        }
    }

    @Test func `names in a manager's answer`() {
        let names = ["Ann", "Ann-Marie", "Bob"]
        #expect(GroupTalk.choice(" \"ann\". ", among: names) == 0)
        #expect(GroupTalk.choice("Next is Ann-Marie", among: names) == 1)
        #expect(GroupTalk.choice("Bob, I think", among: names) == 2)
        #expect(GroupTalk.choice("Eve", among: names) == nil)
    }

    @Test(arguments: Engines.scenarios)
    func `a group ends with the failure of an agent`(_ engine: TestEngine) async throws {
        try await withGroup(on: engine, ["manager_type": "round_robin"]) { server in
            server.model.play(.say("one"), .fail(.server, status: 500))
            #expect(try await say("Hi.", server).status >= 500)
            #expect(try await listed(server) == ["user_message: Hi.", "assistant_message: one"])
            server.model.play(.say("three"), .say("four"))
            try await say("Again.", server).expect(200, ["messages": [["content": "three"], ["content": "four"]]])
            try await server.run([
                .post("/v1/groups/", ["agent_ids": [], "description": "none"], expect: 200).keep("none"),
                .post("/v1/groups/{none}/messages", ["input": "x"], expect: 400),
            ])
        }
    }
}
