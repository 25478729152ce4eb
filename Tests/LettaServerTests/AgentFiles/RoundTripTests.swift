import JSON
import LettaAPI
import TestSupport
import Testing

/// Agents that move to another server as files: what arrives there is what was exported.
@Suite(.timeLimit(.minutes(3))) struct RoundTripTests {
    /// The file without what differs with ids and times alone.
    private func settled(_ file: JSONValue) throws -> JSONValue {
        guard var object = file.object else { return file }
        object["created_at"] = nil
        var text = JSONWriter.string(of: JSONValue.object(object))
        text = text.replacing(#/AGENT_ID: agent-[0-9a-f-]+/#, with: "AGENT_ID: x")
        text = text.replacing(#/"last_accessed_at": ?"[^"]*"/#, with: "")
        return .string(text)
    }

    private func seed(_ server: TestServer, _ type: String) async throws -> String {
        let tool = AgentFileSample.addTool
        let added = try await server.send(
            .post, "/v1/tools/",
            [
                "source_code": tool["source_code"] ?? .null, "json_schema": tool["json_schema"] ?? .null,
                "tags": ["math"],
            ])
        try #require(added.status == 200, "\(added.text)")
        let folder = try await server.send(
            .post, "/v1/folders/",
            ["name": "docs", "embedding": "openai/text-embedding-3-small", "instructions": "read"])
        try await server.addFile("a.txt", "first\nsecond", to: folder.id)
        return try await server.newAgent([
            "agent_type": .string(type), "tool_ids": [.string(added.id)], "folder_ids": [.string(folder.id)],
            "secrets": ["KEY": "secret value"], "tags": ["b", "a"], "description": "d", "metadata": ["a": 1],
            "timezone": "Asia/Kolkata", "embedding": "openai/text-embedding-3-small",
            "tool_rules": [["type": "continue_loop", "tool_name": "add"]],
            "compaction_settings": ["mode": "all", "clip_chars": 900],
            "enable_sleeptime": true,
        ])
    }

    @Test(arguments: Engines.all, ["letta_v1_agent", "memgpt_v2_agent"])
    func `export, import and export differ in ids and times alone`(_ engine: TestEngine, _ type: String) async throws {
        let isHeartbeat = type == "memgpt_v2_agent"
        let first = try await withServer(on: engine) { server in
            let agent = try await seed(server, type)
            let call: JSONValue = ["thinking": "why", "label": "human", "new_string": "tea", "request_heartbeat": true]
            server.model.play(
                .call("memory_insert", call), .call("no_such_tool", ["request_heartbeat": true], id: "call_2"),
                isHeartbeat
                    ? .call("send_message", ["thinking": "hm", "message": "Noted"], id: "call_3") : .say("Noted"))
            try await server.say("Remember tea", to: agent).expect(200)
            let image: JSONValue = [
                "type": "base64", "media_type": "image/gif", "data": "R0lGODlhAQABAAAAACwAAAAAAQABAAA=",
            ]
            server.model.play(isHeartbeat ? .call("send_message", ["message": "A dot"], id: "call_4") : .say("A dot"))
            try await server.send(
                .post, "/v1/agents/\(agent)/messages",
                [
                    "messages": [
                        [
                            "role": "user",
                            "content": [["type": "text", "text": "See"], ["type": "image", "source": image]],
                        ]
                    ]
                ]
            ).expect(200)
            let file = try await server.exported(agent)
            #expect(file["agents"]?.array?.count == 2 && file["groups"]?.array?.count == 1, "with the companion")
            #expect(file["agents"]?[0]?["secrets"] == ["KEY": ""], "values of secrets stay here")
            #expect(!JSONWriter.string(of: file).contains("secret value"))
            let roles = file["agents"]?[0]?["messages"]?.array?.compactMap { $0["role"]?.string } ?? []
            #expect(Set(["system", "user", "assistant", "tool"]).isSubset(of: roles), "\(roles)")
            return file
        }
        try await withServer(on: engine) { server in
            let ids = try await server.imported(first, ["append_copy_suffix": "false"])
            #expect(ids.count == 2)
            try await server.restart()
            _ = try await server.importedFile(of: ids[0])
            let second = try await server.exported(ids[0])
            #expect(try settled(second) == settled(first), "\(second.differences(from: first))")
            let system = try await server.get("/v1/agents/\(ids[0])/messages?order=asc&limit=1").json[0]?["content"]
            #expect(system?.string?.contains("AGENT_ID: \(ids[0])") == true)
            server.model.play(isHeartbeat ? .call("send_message", ["message": "Yes"], id: "call_9") : .say("Yes"))
            try await server.say("Still there?", to: ids[0]).expect(200)
            let asked = try #require(server.model.takeRequests().last)
            #expect(asked.messages.contains { $0.contains("Remember tea") }, "\(asked.messages)")
        }
    }

    private static let stored: [JSONValue] = [
        AgentFileSample.message(0, "system", AgentFileSample.text("You are Bo.")),
        AgentFileSample.message(1, "user", AgentFileSample.text("Hi"), ["name": "Ann", "sender_id": "identity-1"]),
        AgentFileSample.message(
            2, "assistant",
            [
                ["type": "reasoning", "is_native": true, "reasoning": "think", "signature": "sig"],
                ["type": "redacted_reasoning", "data": "xyz"],
                ["type": "text", "text": "I add", "signature": nil],
            ],
            [
                "tool_calls": [
                    ["id": "c1", "type": "function", "function": ["name": "add", "arguments": "{\"a\": 1}"]],
                    ["id": "c2", "type": "function", "function": ["name": "add", "arguments": "{\"a\": 2}"]],
                ]
            ]),
        AgentFileSample.message(
            3, "approval", [],
            ["tool_calls": [["id": "c3", "type": "function", "function": ["name": "add", "arguments": "{}"]]]]),
        AgentFileSample.message(
            4, "approval", [],
            [
                "approvals": [["type": "approval", "tool_call_id": "c3", "approve": false, "reason": "no"]],
                "approve": false, "approval_request_id": "c3", "denial_reason": "no",
            ]),
        AgentFileSample.message(
            5, "user",
            [
                ["type": "image", "source": ["type": "url", "url": "https://example.org/a.png", "detail": nil]],
                ["type": "text", "text": "see", "signature": nil],
            ]),
    ]

    @Test(arguments: Engines.scenarios)
    func `messages of every role and kind of part pass unchanged and in order`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let context: [JSONValue] = ["message-0", "message-5", "message-2"]
            let file = AgentFileSample.file(messages: Self.stored, context: context)
            let agent = try await server.imported(file)[0]
            let again = try await server.exported(agent)["agents"]?[0]
            #expect(again?["in_context_message_ids"] == .array(context), "in the order of the context")
            let messages = try #require(again?["messages"]?.array)
            #expect(messages.count == Self.stored.count)
            for (was, now) in zip(Self.stored, messages).dropFirst() {
                #expect(now.differences(from: was).isEmpty, "\(now.differences(from: was))")
            }
            #expect(messages[0]["otid"] == "otid-0")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `results are unpacked, in each form that files have had`(_ engine: TestEngine) async throws {
        let packed = #"{"status": "Failed", "message": "no", "time": "now"}"#
        let call: JSONValue = ["id": "c1", "type": "function", "function": ["name": "add", "arguments": "{}"]]
        let forms: [JSONObject] = [
            ["tool_returns": [["tool_call_id": "c1", "status": "error", "func_response": .string(packed)]]],
            ["tool_returns": [], "tool_call_id": "c1"],
            ["tool_returns": [["status": "error"]], "tool_call_id": "c1"],
        ]
        try await withServer(on: engine) { server in
            for (index, form) in forms.enumerated() {
                var result = form
                result["name"] = "add"
                let messages: [JSONValue] = [
                    AgentFileSample.message(0, "system", "s"), AgentFileSample.message(1, "user", "hi"),
                    AgentFileSample.message(2, "assistant", [], ["tool_calls": [call]]),
                    AgentFileSample.message(3, index == 1 ? "function" : "tool", AgentFileSample.text(packed), result),
                    AgentFileSample.message(4, "summary", "What was before"),
                ]
                let context: [JSONValue] = (0..<5).map { .string("message-\($0)") }
                let agent = try await server.imported(AgentFileSample.file(messages: messages, context: context))[0]
                let list = try await server.get("/v1/agents/\(agent)/messages").json.array ?? []
                let shown = list.first { $0["message_type"] == "tool_return_message" }
                #expect(shown?["tool_return"] == "no" && shown?["status"] == "error", "\(form): \(list)")
                #expect(list.last?["content"] == "What was before")
                server.model.play(.say("ok"))
                try await server.say("Go on", to: agent).expect(200)
                #expect(server.model.takeRequests().last?.system.hasPrefix("Be kind.") == true)
            }
        }
    }
}
