import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Calls that wait for a person, or for a tool of the client's own.
@Suite(.timeLimit(.minutes(2))) struct ApprovalTests {
    private static let insert: JSONValue = ["label": "human", "new_string": "x"]

    private func waiting(_ server: TestServer) async throws -> String {
        let agent = try await server.newAgent()
        try await server.send(
            .patch, "/v1/agents/\(agent)/tools/approval/memory_insert", ["requires_approval": true]
        ).expect(200)
        server.model.play(.call("memory_insert", Self.insert, id: "call_7"), .say("done"))
        try await server.say("one", to: agent).expect(
            200, ["stop_reason": ["stop_reason": "requires_approval"]])
        return agent
    }

    private func answer(_ messages: JSONValue, _ agent: String, _ server: TestServer) async throws -> Answer {
        try await server.send(.post, "/v1/agents/\(agent)/messages", ["messages": messages])
    }

    private static func approval(_ id: String, _ approve: Bool, reason: JSONValue = .null) -> JSONValue {
        [
            [
                "type": "approval",
                "approvals": [
                    ["type": "approval", "tool_call_id": .string(id), "approve": .bool(approve), "reason": reason]
                ],
            ]
        ]
    }

    @Test(arguments: Engines.all)
    func `an approved call runs once, also after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            try await server.say("two", to: agent).expect(409, ["detail": ["code": "PENDING_APPROVAL"]])
            try await answer(Self.approval("call_9", true), agent, server).expect(
                400, ["detail": "Invalid tool call IDs. Expected '['call_7']', but received '['call_9']'."])
            let listed = try await server.get("/v1/approvals/?limit=1")
            listed.expect(200, [["agent_id": .string(agent), "tool_calls": [["tool_call_id": "call_7"]]]])
            try await server.restart()
            server.model.play(.say("done"))
            let first = try await answer(Self.approval("call_7", true), agent, server)
            first.expect(
                200, ["messages": [["message_type": "tool_return_message", "status": "success"], ["content": "done"]]])
            let again = try await answer(Self.approval("call_7", true), agent, server).expect(200)
            #expect(again.json["messages"] == first.json["messages"], "the answer that was given")
            try await server.get("/v1/approvals/").expect(200, [])
            let said = try await server.said(by: agent)
            #expect(said.filter { $0.hasPrefix("approval_response_message") }.count == 1, "\(said)")
            try await answer(Self.approval("call_0", true), agent, server).expect(400)
            try await server.say("three", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.all)
    func `what waits is answered in each conversation that shares it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            let fork = try await server.send(.post, "/v1/conversations/default/fork?agent_id=\(agent)").expect(200).id
            let second = try await server.send(.post, "/v1/conversations/\(fork)/fork").expect(200).id
            let listed = try await server.get("/v1/approvals/?agent_id=\(agent)").expect(200)
            let talks = listed.json.array?.map { $0["conversation_id"]?.string }
            #expect(talks == [second, fork, nil], "\(listed.text)")
            #expect(Set(listed.ids).count == 3 && Set(listed.json.array?.map { $0["message_id"] } ?? []).count == 1)
            // Each of them is on one page, whatever their number.
            var (seen, cursor): ([String], String?) = ([], nil)
            repeat {
                let page = try await server.get("/v1/approvals/?limit=1\(cursor.map { "&after=\($0)" } ?? "")").ids
                seen += page
                cursor = page.last
            } while cursor != nil
            #expect(seen == listed.ids)
            try await server.say("two", in: fork).expect(409, ["detail": ["code": "PENDING_APPROVAL"]])
            try await server.restart()
            server.model.play(.say("in the fork"))
            try await server.send(
                .post, "/v1/conversations/\(fork)/messages",
                ["streaming": false, "messages": Self.approval("call_7", true)]
            ).expect(
                200,
                [
                    "messages": [
                        ["message_type": "tool_return_message", "status": "success"], ["content": "in the fork"],
                    ]
                ])
            // The others still wait.
            let rest = try await server.get("/v1/approvals/?agent_id=\(agent)").expect(200)
            #expect(rest.json.array?.map { $0["conversation_id"]?.string } == [second, nil], "\(rest.text)")
            try await server.say("two", to: agent).expect(409)
            server.model.play(.say("denied"))
            try await answer(Self.approval("call_7", false), agent, server).expect(
                200, ["messages": [["status": "error"], ["content": "denied"]]])
            try await server.send(.delete, "/v1/conversations/\(second)").expect(200)
            try await server.get("/v1/approvals/").expect(200, [])
            try await server.say("three", in: fork).expect(200)
            try await server.say("three", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a denial gives its reason, in the form of older clients too`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            let denied = "Error: request to call tool denied. User reason: not today"
            try await answer(Self.approval("call_7", false, reason: "not today"), agent, server).expect(
                200, ["messages": [["tool_return": .string(denied)], ["content": "done"]]])
            server.model.play(.call("memory_insert", Self.insert, id: "call_8"), .say("well"))
            let asked = try await server.say("again", to: agent).expect(200)
            let id = try #require(asked.json["messages"]?.array?.last?["id"])
            let legacy: JSONValue = [
                ["type": "approval", "approve": false, "approval_request_id": id, "reason": "not today"]
            ]
            try await answer(legacy, agent, server).expect(
                200, ["messages": [["tool_return": .string(denied)], ["content": "well"]]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `several calls are answered together, each in its own way`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent([
                "model_settings": ["provider_type": "openai", "parallel_tool_calls": true]
            ])
            try await server.requireApproval(agent)
            server.model.play(
                .calls("memory_insert", ["one", "two", "three"].map { ["label": "human", "new_string": $0] }),
                .say("done"))
            let asked = try await server.say("go", to: agent).expect(200)
            #expect(asked.json["messages"]?.array?.last?["tool_calls"]?.array?.count == 3, "\(asked.text)")
            let approved: JSONValue = ["type": "approval", "tool_call_id": "call_1", "approve": true]
            let denied: JSONValue = ["tool_call_id": "call_2", "approve": false]
            try await server.decide([approved], agent).expect(
                400,
                [
                    "detail": .string(
                        "Invalid tool call IDs. Expected '['call_1', 'call_2', 'call_3']', but received '['call_1']'.")
                ])
            let edited = { (arguments: JSONValue) -> JSONValue in
                ["type": "approval", "tool_call_id": "call_3", "approve": true, "arguments": arguments]
            }
            for bad: JSONValue in ["[]", "{", 1, [1]] {
                let answer = try await server.decide([approved, denied, edited(bad)], agent)
                #expect(answer.names("messages"), "\(bad): \(answer.text)")
            }
            _ = server.model.takeRequests()
            let answer = try await server.decide(
                [approved, denied, edited(["label": "human", "new_string": "drei"])], agent)
            answer.expect(200, ["messages": [["status": "error"], ["content": "done"]]])
            let results = answer.json["messages"]?[0]?["tool_returns"]?.array ?? []
            #expect(results.map { $0["tool_call_id"]?.string } == ["call_2", "call_1", "call_3"])
            let block = try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200)
            let value = block.json["value"]?.string ?? ""
            #expect(value.contains("one") && value.contains("drei") && !value.contains("two"), "\(value)")
            #expect(!value.contains("three"), "\(value)")
            // The model reads its calls as they ran.
            let shown = server.model.takeRequests().last?.messages.joined(separator: "\n") ?? ""
            #expect(shown.contains("drei") && !shown.contains("three"), "\(shown)")
            let listed = try await server.get("/v1/agents/\(agent)/messages?limit=100").json.array ?? []
            let response = listed.first { $0["message_type"] == "approval_response_message" }
            #expect(response?["approvals"]?[2]?["arguments"]?.string?.contains("drei") == true, "\(listed)")
            #expect(response?["approve"] == true && response?["approval_request_id"] == "call_1")
        }
    }

    @Test(arguments: Engines.scenarios, ["letta_v1_agent", "memgpt_agent", "memgpt_v2_agent", "react_agent"])
    func `every type of agent asks and goes on`(_ engine: TestEngine, _ type: String) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["agent_type": .string(type), "tools": ["conversation_search"]])
            try await server.requireApproval(agent, "conversation_search")
            let speaks = type.hasPrefix("memgpt")
            let search: JSONValue =
                type == "letta_v1_agent" ? ["query": "x"] : ["query": "x", "request_heartbeat": true]
            func ask(_ id: String) async throws {
                server.model.play(
                    .call("conversation_search", search, id: id),
                    speaks ? .call("send_message", ["message": "done"]) : .say("done"))
                let asked = try await server.say("go", to: agent).expect(
                    200, ["stop_reason": ["stop_reason": "requires_approval"]])
                #expect(asked.json["messages"]?.array?.last?["message_type"] == "approval_request_message")
                try await server.say("hello?", to: agent).expect(409, ["detail": ["code": "PENDING_APPROVAL"]])
            }
            for (id, approve) in [("call_7", true), ("call_8", false)] {
                try await ask(id)
                let answer = try await server.decide(
                    [["type": "approval", "tool_call_id": .string(id), "approve": .bool(approve)]], agent
                ).expect(200, ["stop_reason": ["stop_reason": "end_turn"]])
                let said = answer.json["messages"]?.array ?? []
                #expect(said.first?["status"] == (approve ? "success" : "error"), "\(answer.text)")
                #expect(said.last?["content"] == "done", "\(answer.text)")
            }
            try await server.say("three", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a cancel finds nothing to cancel, a reset forgets the request`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel").expect(409)
            try await server.say("two", to: agent).expect(409)
            try await server.send(.patch, "/v1/agents/\(agent)/reset-messages").expect(200)
            try await server.get("/v1/approvals/").expect(200, [])
            try await server.say("two", to: agent).expect(200, ["messages": [["content": "done"]]])
        }
    }

    @Test func `another approval is no repeat of the one before`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await waiting(server)
            server.model.play(.call("memory_insert", Self.insert, id: "call_8"), .say("done"))
            for (attempt, id, stop) in [(0, "call_7", "requires_approval"), (1, "call_8", "end_turn")] {
                try await server.send(
                    .post, "/v1/agents/\(agent)/messages", ["messages": Self.approval(id, true)],
                    as: .v1.with("x-stainless-retry-count", "\(attempt)")
                ).expect(200, ["stop_reason": ["stop_reason": .string(stop)]])
            }
        }
    }

    @Test(arguments: Engines.all)
    func `what waits is shown to its organization, page by page`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agents = [try await waiting(server), try await waiting(server)]
            let page = try await server.get("/v1/approvals/?limit=1").expect(200, .elements(1))
            #expect(page[header: "Link"] != nil)
            let all = try await server.get("/v1/approvals/").expect(200, .elements(2))
            #expect(all[header: "Link"] == nil)
            #expect(all.json.array?.compactMap { $0["agent_id"]?.string } == agents.reversed())
            try await server.get("/v1/approvals/?agent_id=\(agents[0])").expect(
                200, [["agent_id": .string(agents[0]), "conversation_id": nil, "run_id": .anything]])
            try await server.get("/v1/approvals/", as: try await server.addOrganization()).expect(200, [])
            let included = try await server.get("/v1/agents/\(agents[0])?include=agent.pending_approval").expect(
                200, ["pending_approval": ["message_type": "approval_request_message"]])
            let listed = try await server.get("/v1/agents/\(agents[0])/messages?limit=1")
            #expect(included.json["pending_approval"] == listed.json[0], "\(listed.text)")
            try await server.get("/v1/agents/\(agents[0])").expect(200, ["pending_approval": nil])
            try await server.send(.delete, "/v1/agents/\(agents[1])").expect(200)
            try await server.get("/v1/approvals/").expect(200, .elements(1))
            let context = try await server.get("/v1/agents/\(agents[0])").json["message_ids"]?.array ?? []
            let change: JSONValue = ["message_ids": .array(Array(context.prefix(1)))]
            try await server.send(.patch, "/v1/agents/\(agents[0])", change).expect(200)
            try await server.get("/v1/approvals/").expect(200, [])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `after the time limit the next message is answered`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.now = { time.now }
                $0.environment = ["LETTA_APPROVAL_TIMEOUT_DAYS": "1"]
            },
            { server in
                let agent = try await waiting(server)
                time.pass(hours: 23)
                try await server.say("two", to: agent).expect(409)
                time.pass(hours: 1)
                _ = server.model.takeRequests()
                try await server.say("three", to: agent).expect(200, ["messages": [["content": "done"]]])
                let shown = server.model.takeRequests().last?.messages.joined(separator: "\n") ?? ""
                #expect(shown.contains("denied. User reason: Nobody answered within 1 day."), "\(shown)")
                try await server.get("/v1/approvals/").expect(200, [])
                try await answer(Self.approval("call_7", true), agent, server).expect(400)
            })
    }

    @Test(arguments: Engines.scenarios)
    func `a compaction keeps the request`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["compaction_settings": ["mode": "all"]])
            for index in 0..<6 { try await server.say("m\(index)", to: agent).expect(200) }
            try await server.requireApproval(agent)
            server.model.play(.call("memory_insert", Self.insert, id: "call_7"), .say("A summary."), .say("done"))
            try await server.say("one", to: agent).expect(200)
            try await server.send(.post, "/v1/agents/\(agent)/summarize").expect(200, ["summary": "A summary."])
            try await server.say("two", to: agent).expect(409)
            _ = server.model.takeRequests()
            try await answer(Self.approval("call_7", true), agent, server).expect(
                200, ["messages": [["status": "success"], ["content": "done"]]])
            let shown = server.model.takeRequests().last?.messages ?? []
            #expect(shown.count == 3 && shown[1].contains("memory_insert") && shown[2].hasPrefix("tool:"), "\(shown)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a repetition after a failure goes on without running the tool again`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            server.model.play(.fail(.badRequest, status: 400), .say("done"))
            try await answer(Self.approval("call_7", true), agent, server).expect(400)
            try await answer(Self.approval("call_7", true), agent, server).expect(
                200, ["messages": [["content": "done"]]])
            let block = try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200)
            #expect(block.json["value"]?.string?.count { $0 == "x" } == 1, "\(block.text)")
        }
    }

    @Test(
        arguments: [
            ["type": "approval"], ["type": "approval", "approvals": []], ["type": "approval", "approve": true],
        ] as [JSONValue])
    func `an answer that decides nothing is refused`(_ message: JSONValue) async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await waiting(server)
            let answer = try await answer([message], agent, server)
            #expect(answer.names("messages"), "\(answer.text)")
        }
    }
}

extension TestServer {
    func requireApproval(_ agent: String, _ tool: String = "memory_insert") async throws {
        try await send(.patch, "/v1/agents/\(agent)/tools/approval/\(tool)", ["requires_approval": true]).expect(200)
    }

    /// Answers the calls at which an agent waits.
    func decide(
        _ approvals: [JSONValue], _ agent: String, _ fields: JSONObject = [:], path: String = "messages"
    ) async throws -> Answer {
        var body = fields
        body["messages"] = [["type": "approval", "approvals": .array(approvals)]]
        return try await send(.post, "/v1/agents/\(agent)/\(path)", .object(body))
    }
}
