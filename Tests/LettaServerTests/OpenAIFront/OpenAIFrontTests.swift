import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Agents answer as models of OpenAI's API.
@Suite(.timeLimit(.minutes(2))) struct OpenAIFrontTests {
    private static let client = TestCaller.v1.with("User-Agent", "OpenAI/Python 2.8.1")

    private static func chat(_ model: String, _ text: JSONValue = "Hi", _ fields: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": .string(model), "messages": [["role": "user", "content": text]]]
        for (key, value) in fields { body[key] = value }
        return .object(body)
    }

    @Test(arguments: Engines.all)
    func `an agent is a model by its id and its name`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["name": "Ada Front"])
            for model in [agent, "Ada Front"] {
                server.model.play(.say("Hello, ", "Ann."))
                let answer = try await server.send(.post, "/v1/chat/completions", Self.chat(model)).expect(
                    200,
                    [
                        "object": "chat.completion", "model": "gpt-4o-mini",
                        "choices": [
                            [
                                "index": 0, "finish_reason": "stop",
                                "message": ["role": "assistant", "content": "Hello, Ann."],
                            ]
                        ],
                        "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15],
                    ])
                #expect(answer.id.hasPrefix("chatcmpl-run-"))
                try await server.get("/v1/runs/\(answer.id.dropFirst("chatcmpl-".count))").expect(
                    200, ["agent_id": .string(agent), "status": "completed"])
            }
            try await server.restart()
            let said = try await server.said(by: agent)
            #expect(said.suffix(2) == ["user_message: Hi", "assistant_message: Hello, Ann."])
            let other = try await server.addOrganization()
            try await server.send(.post, "/v1/chat/completions", Self.chat(agent), as: other).expect(
                404, ["error": ["type": "invalid_request_error"], "detail": "Agent not found"])
            try await server.send(.post, "/v1/chat/completions", Self.chat("Ada Front"), as: other).expect(400)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `only the last message of the user is sent`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let messages: JSONValue = [
                ["role": "system", "content": "Be rude."], ["role": "user", "content": "one"],
                ["role": "assistant", "content": nil, "tool_calls": []],
                ["role": "user", "content": [["type": "text", "text": "two"], ["type": "text", "text": "three"]]],
                ["role": "tool", "content": "ok", "tool_call_id": "x"],
            ]
            try await server.send(
                .post, "/v1/chat/completions",
                ["model": .string(agent), "messages": messages, "temperature": 0.5, "tools": [], "anything": ["a": 1]]
            ).expect(200)
            #expect(server.model.takeRequests()[0].messages == ["user: twothree"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a stream has chunks, an end and the usage`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]), .say("Hello, ", "Ann.")
            )
            let answer = try await server.send(
                .post, "/v1/chat/completions",
                Self.chat(agent, "Hi", ["stream": true, "stream_options": ["include_usage": true]]))
            let chunks = StreamedEvent.all(in: answer.text)
            #expect(chunks.last?.text == "[DONE]")
            let texts = chunks.compactMap { $0.json["choices"]?[0]?["delta"]?["content"]?.string }
            #expect(texts.joined() == "Hello, Ann." && texts.count == 2)
            #expect(chunks[0].json["choices"]?[0]?["delta"]?["role"] == "assistant")
            #expect(Set(chunks.dropLast().map { $0.json["id"]?.string ?? "" }).count == 1)
            #expect(chunks.compactMap { $0.json["choices"]?[0]?["finish_reason"]?.string } == ["stop"])
            #expect(chunks.suffix(2).first?.json["usage"]?["total_tokens"] == 30)
            #expect(chunks.suffix(2).first?.json["choices"] == [])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failure of the model is OpenAI's error`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.rateLimited, status: 429))
            try await server.send(.post, "/v1/chat/completions", Self.chat(agent)).expect(
                429, ["error": ["type": "rate_limit_error", "code": "llm_rate_limit", "message": .anything]])
            server.model.play(.fail(.rateLimited, status: 429))
            let streamed = try await server.send(
                .post, "/v1/chat/completions", Self.chat(agent, "Hi", ["stream": true]))
            let chunks = StreamedEvent.all(in: streamed.text)
            #expect(chunks.map { $0.json["error"]?["type"]?.string } == ["llm_rate_limit", nil])
            #expect(chunks.last?.text == "[DONE]")
            server.model.play(.fail(.server, status: 500))
            let responded = try await server.send(
                .post, "/v1/responses", ["model": .string(agent), "input": "Hi", "stream": true])
            let events = StreamedEvent.all(in: responded.text)
            #expect(events.last?.json["response"]?["status"] == "failed")
            #expect(events.last?.name == "response.failed")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what can't be understood is OpenAI's error`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["name": "Twin"])
            _ = try await server.newAgent(["name": "Twin"])
            let rows: [(String, JSONValue, Int, String?)] = [
                ("/v1/chat/completions", Self.chat("gpt-4"), 400, nil),
                ("/v1/chat/completions", Self.chat("Twin"), 400, nil),
                ("/v1/chat/completions", Self.chat("agent-\(nobody)"), 404, nil),
                ("/v1/chat/completions", ["model": .string(agent), "messages": []], 400, nil),
                ("/v1/chat/completions", ["model": .string(agent)], 422, "messages"),
                ("/v1/chat/completions", ["model": 5, "messages": []], 422, "model"),
                ("/v1/chat/completions", ["model": .string(agent), "messages": "x"], 422, "messages"),
                ("/v1/chat/completions", Self.chat(agent, ""), 422, "messages[0].content"),
                ("/v1/chat/completions", Self.chat(agent, [["type": "input_audio"]]), 422, "messages[0].content"),
                ("/v1/chat/completions", Self.chat(agent, "Hi", ["stream": "perhaps"]), 422, "stream"),
                ("/v1/responses", ["model": .string(agent), "input": 5], 422, "input"),
                ("/v1/responses", ["model": .string(agent), "input": []], 400, nil),
                (
                    "/v1/responses",
                    ["model": .string(agent), "input": "Hi", "previous_response_id": "resp_run-\(nobody)"], 400, nil
                ),
                ("/v1/voice-beta/agent-\(nobody)/chat/completions", Self.chat("x"), 404, nil),
            ]
            for (path, body, status, parameter) in rows {
                let answer = try await server.send(.post, path, body).expect(
                    status, ["error": ["type": "invalid_request_error", "message": .anything], "detail": .anything])
                #expect(answer.json["error"]?["param"]?.string == parameter, "\(body): \(answer.text)")
            }
            let raw = try await server.send(.post, "/v1/chat/completions", bytes: Array("{\"model\":".utf8))
            raw.expect(422, ["error": ["type": "invalid_request_error"]])
            #expect(server.model.takeRequests().isEmpty)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `OpenAI's client gets agents as models, Letta's gets models`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.get("/v1/models", as: Self.client).expect(
                200,
                [
                    "object": "list",
                    "data": [["id": .string(agent), "object": "model", "owned_by": "letta", "name": "Ada"]],
                ])
            #expect(try await server.get("/v1/models/").json.array?.isEmpty == false)
            let other = try await server.addOrganization()
            try await server.get("/v1/models", as: other.with("User-Agent", "AsyncOpenAI/Python 2.8.1")).expect(
                200, ["object": "list", "data": []])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a response has the text and its usage, in one piece and in events`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("Hello, ", "Ann."))
            let first = try await server.send(.post, "/v1/responses", ["model": .string(agent), "input": "Hi"]).expect(
                200,
                [
                    "object": "response", "status": "completed", "error": nil,
                    "output": [
                        [
                            "type": "message", "role": "assistant", "status": "completed",
                            "content": [["type": "output_text", "text": "Hello, Ann."]],
                        ]
                    ],
                    "usage": ["input_tokens": 10, "output_tokens": 5, "total_tokens": 15],
                ])
            #expect(first.id.hasPrefix("resp_run-"))
            server.model.play(.say("Again, ", "Ann."))
            _ = server.model.takeRequests()
            let items: JSONValue = [
                ["role": "user", "content": "old"], ["type": "function_call_output", "call_id": "c", "output": "x"],
                ["type": "message", "role": "user", "content": [["type": "input_text", "text": "new"]]],
            ]
            let streamed = try await server.send(
                .post, "/v1/responses",
                [
                    "model": .string(agent), "input": items, "stream": true,
                    "previous_response_id": .string(first.id),
                ])
            let events = StreamedEvent.all(in: streamed.text)
            #expect(
                events.map { $0.name ?? "" } == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                    "response.output_text.done", "response.content_part.done", "response.output_item.done",
                    "response.completed",
                ])
            #expect(events.map { $0.json["sequence_number"]?.int } == (0..<10).map { Int64($0) })
            #expect(events.last?.json["response"]?["output"]?[0]?["content"]?[0]?["text"] == "Again, Ann.")
            #expect(server.model.takeRequests().last?.messages.last == "user: new")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `voice services call an agent by the path or by the model`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for path in ["/v1/voice-beta/\(agent)/chat/completions", "/v1/voice/\(agent)/chat/completions"] {
                server.model.play(.say("Yes?"))
                let answer = try await server.send(.post, path, Self.chat("whatever", "Hi", ["stream": true]))
                #expect(answer.status == 200 && answer.text.contains("\"content\":\"Yes?\""), "\(answer.text)")
            }
            server.model.play(.say("Yes?"))
            try await server.send(.post, "/v1/voice/chat/completions", Self.chat(agent)).expect(
                200, ["choices": [["message": ["content": "Yes?"]]]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a tool that waits for approval is said`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent([
                "tool_rules": [["type": "requires_approval", "tool_name": "memory_insert"]]
            ])
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]))
            let answer = try await server.send(.post, "/v1/chat/completions", Self.chat(agent)).expect(200)
            let text = answer.json["choices"]?[0]?["message"]?["content"]?.string
            #expect(text?.contains("waits for approval to call memory_insert") == true, "\(answer.text)")
        }
    }
}
