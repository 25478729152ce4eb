import JSON
import LettaAPI
import TestSupport
import Testing

/// Tools that the client runs.
@Suite(.timeLimit(.minutes(2))) struct ClientToolTests {
    private static let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    private static let list: JSONObject = [
        "client_tools": [
            [
                "name": "local_ls", "description": "List files here",
                "parameters": [
                    "type": "object", "properties": ["path": ["type": "string"]], "required": ["path"],
                ],
            ]
        ]
    ]

    private static func result(_ value: JSONValue, _ status: String = "success") -> JSONValue {
        [
            "type": "tool", "tool_call_id": "call_7", "tool_return": value, "status": .string(status),
            "stdout": ["o"], "stderr": ["E1"],
        ]
    }

    private func waiting(_ server: TestServer, _ fields: JSONObject = [:]) async throws -> String {
        let agent = try await server.newAgent(fields)
        server.model.play(
            .call("local_ls", ["path": "/", "request_heartbeat": true], id: "call_7"),
            fields["agent_type"] == nil ? .say("listed") : .call("send_message", ["message": "listed"]))
        try await server.say("list", to: agent, Self.list).expect(
            200, ["stop_reason": ["stop_reason": "requires_approval"]])
        return agent
    }

    @Test(arguments: Engines.all, ["letta_v1_agent", "memgpt_v2_agent"])
    func `a tool without source is the client's`(_ engine: TestEngine, _ type: String) async throws {
        try await withServer(on: engine) { server in
            var tool = (Self.list["client_tools"]?[0]?.object ?? [:])
            let stored = try await server.send(.post, "/v1/tools/", .object(tool))
            stored.expect(200, ["source_code": nil, "source_type": "json", "default_requires_approval": true])
            tool["description"] = "Lists files there"
            try await server.send(.put, "/v1/tools/", .object(tool)).expect(200, ["id": stored.json["id"] ?? nil])
            try await server.restart()
            let id = try #require(stored.json["id"]?.string)
            try await server.get("/v1/tools/\(id)").expect(
                200,
                [
                    "name": "local_ls", "source_code": nil,
                    "json_schema": ["description": "Lists files there", "parameters": ["required": ["path"]]],
                ])
            let agent = try await server.newAgent(["agent_type": .string(type), "tool_ids": [.string(id)]])
            server.model.play(.call("local_ls", ["path": "/", "request_heartbeat": true], id: "call_7"))
            try await server.say("list", to: agent).expect(200, ["stop_reason": ["stop_reason": "requires_approval"]])
            server.model.play(type == "letta_v1_agent" ? .say("listed") : .call("send_message", ["message": "listed"]))
            let answer = try await server.decide([Self.result("a.txt")], agent).expect(200)
            #expect(answer.json["messages"]?.array?.last?["content"] == "listed", "\(answer.text)")
        }
    }

    @Test(
        arguments: [
            (["name": "x"], "source_code"), (["parameters": [:]], "source_code"),
            (["name": "not callable", "parameters": [:]], "letters"),
            (["name": "send_message", "parameters": [:]], "send_message"),
        ] as [(JSONValue, String)])
    func `a tool without source needs a name and parameters`(_ body: JSONValue, _ reason: String) async throws {
        try await withServer(on: .sqlite) { server in
            let answer = try await server.send(.post, "/v1/tools/", body)
            #expect(
                (400..<500).contains(answer.status) && answer.text.contains(reason), "\(answer.status) \(answer.text)")
        }
    }

    @Test(arguments: Engines.all, ["letta_v1_agent", "memgpt_v2_agent"])
    func `the turn waits for the client, also over a restart`(_ engine: TestEngine, _ type: String) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server, type == "letta_v1_agent" ? [:] : ["agent_type": .string(type)])
            #expect(server.model.takeRequests().last?.tools.last == "local_ls")
            try await server.restart()
            server.model.play(type == "letta_v1_agent" ? .say("listed") : .call("send_message", ["message": "listed"]))
            let answer = try await server.decide([Self.result("no such dir", "error")], agent, Self.list).expect(200)
            let said = answer.json["messages"]?.array ?? []
            #expect(said.first?["tool_return"] == "no such dir" && said.first?["stderr"] == ["E1"], "\(answer.text)")
            #expect(said.last?["content"] == "listed", "\(answer.text)")
            #expect(server.model.takeRequests().last?.tools.last == "local_ls")
            let listed = try await server.get("/v1/agents/\(agent)/messages?limit=100").json.array ?? []
            let response = try #require(listed.first { $0["message_type"] == "approval_response_message" })
            #expect(response["approvals"]?[0]?["tool_return"] == "no such dir", "\(response)")
            #expect(response["approve"]?.isNull == true, "\(response)")
            // Without client tools the model is not offered them.
            server.model.play(.say("well"))
            try await server.say("and?", to: agent).expect(200)
            #expect(server.model.takeRequests().last?.tools.contains("local_ls") == false)
        }
    }

    @Test(arguments: Engines.scenarios, [[:], ["stream_tokens": true], ["background": true]] as [JSONObject])
    func `in streams`(_ engine: TestEngine, _ mode: JSONObject) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            var fields = mode
            fields["client_tools"] = Self.list["client_tools"]
            server.model.play(.call("local_ls", ["path": "/"], id: "call_7"), .say("listed"))
            let events = try await server.stream("list", to: agent, fields)
            #expect(events.contains { $0.type == "approval_request_message" }, "\(events)")
            let answer = try await server.decide(
                [Self.result("a.txt")], agent, fields, path: "messages/stream"
            ).expect(200)
            let types = StreamedEvent.all(in: answer.text).map(\.type).filter { $0 != "ping" }
            let shown =
                mode["stream_tokens"] == true ? ["assistant_message"] : ["tool_return_message", "assistant_message"]
            #expect(types == shown + ["stop_reason", "usage_statistics", "[DONE]"], "\(answer.text)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `it takes the place of an agent's tool`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let own: JSONObject = ["client_tools": [["name": "memory_insert", "description": "mine"]]]
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"], id: "call_7"), .say("kept"))
            try await server.say("keep", to: agent, own).expect(
                200, ["stop_reason": ["stop_reason": "requires_approval"]])
            #expect(server.model.takeRequests().last?.tools.count { $0 == "memory_insert" } == 1)
            // An approval is no result.
            let approved: JSONValue = ["type": "approval", "tool_call_id": "call_7", "approve": true]
            try await server.decide([approved], agent, own).expect(
                200, ["messages": [["status": "error"], ["content": "kept"]]])
            let block = try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200)
            #expect(block.json["value"] == "Ann")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a result may have images`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await waiting(server)
            _ = server.model.takeRequests()
            let image = { (data: String) -> JSONValue in
                ["type": "image", "source": ["type": "base64", "media_type": "image/gif", "data": .string(data)]]
            }
            try await server.decide([Self.result([image("eA==")])], agent).expect(400)
            let bad = try await server.decide([Self.result([["type": "reasoning", "reasoning": "x"]])], agent)
            #expect(bad.names("messages"), "\(bad.text)")
            let parts: JSONValue = [["type": "text", "text": "seen"], image(Self.png)]
            try await server.decide([Self.result(parts)], agent).expect(
                200, ["messages": [["tool_return": "seen\n[Image]"], ["content": "listed"]]])
            let shown = server.model.takeRequests().last?.messages ?? []
            #expect(shown.last == "user: [Images in the results above](image)", "\(shown)")
            #expect(shown.dropLast().last?.contains("seen\\n[Image]") == true, "\(shown)")
            try await server.restart()
            let listed = try await server.get("/v1/agents/\(agent)/messages?limit=100").json.array ?? []
            let response = listed.first { $0["message_type"] == "approval_response_message" }
            let stored = response?["approvals"]?[0]?["tool_return"]?[1]?["source"]
            #expect(stored?["media_type"] == "image/png" && stored?["data"]?.string == Self.png, "\(listed)")
        }
    }

    @Test(arguments: ["", "a b", String(repeating: "x", count: 65)])
    func `a name that no model can call is refused`(_ name: String) async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent()
            let tools: JSONValue = [["name": .string(name)]]
            let answer = try await server.say("x", to: agent, ["client_tools": tools])
            #expect(answer.names("client_tools"), "\(answer.text)")
            let twice: JSONValue = [["name": "a"], ["name": "a"]]
            #expect(try await server.say("x", to: agent, ["client_tools": twice]).names("client_tools"))
        }
    }
}
