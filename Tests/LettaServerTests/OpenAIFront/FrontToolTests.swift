import JSON
import LettaAPI
import TestSupport
import Testing

/// Tools of the client, settings of a request, and stored responses, in OpenAI's forms.
@Suite(.timeLimit(.minutes(2))) struct FrontToolTests {
    private static let chats = "/v1/chat/completions"
    private static let parameters: JSONValue = ["type": "object", "properties": ["city": ["type": "string"]]]
    private static let tools: JSONValue = [
        ["type": "function", "function": ["name": "weather", "description": "Tells it.", "parameters": parameters]]
    ]
    private static let responseTools: JSONValue = [
        ["type": "function", "name": "weather", "description": "Tells it.", "parameters": parameters]
    ]

    private static func chat(_ agent: String, _ messages: [JSONValue], _ fields: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": .string(agent), "messages": .array(messages), "tools": tools]
        for (key, value) in fields { body[key] = value }
        return .object(body)
    }

    private static func user(_ text: String) -> JSONValue { ["role": "user", "content": .string(text)] }

    private static let called: JSONValue = [
        "role": "assistant", "content": nil,
        "tool_calls": [
            ["id": "call_w", "type": "function", "function": ["name": "weather", "arguments": "{\"city\": \"Rome\"}"]]
        ],
    ]

    @Test(arguments: Engines.all)
    func `the client's own tools are called and answered`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("weather", ["city": "Rome"], id: "call_w"))
            let call: JSONValue = [
                "id": "call_w", "type": "function",
                "function": ["name": "weather", "arguments": .text(containing: "Rome")],
            ]
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Weather?")])).expect(
                200,
                ["choices": [["finish_reason": "tool_calls", "message": ["content": nil, "tool_calls": [call]]]]])
            #expect(server.model.takeRequests().last?.tools.contains("weather") == true)
            try await server.restart()
            server.model.play(.say("Sunny."))
            let result: JSONValue = ["role": "tool", "tool_call_id": "call_w", "content": "25 degrees"]
            let answered = Self.chat(agent, [Self.user("Weather?"), Self.called, result])
            try await server.send(.post, Self.chats, answered).expect(
                200, ["choices": [["finish_reason": "stop", "message": ["content": "Sunny.", "tool_calls": nil]]]])
            let asked = try #require(server.model.takeRequests().last)
            #expect(asked.messages.last?.contains("25 degrees") == true)
            #expect(asked.messages.filter { $0 == "user: Weather?" }.count == 1)
            // The client did not get the answer, and asks again.
            try await server.send(.post, Self.chats, answered).expect(
                200, ["choices": [["message": ["content": "Sunny."]]]])
            #expect(server.model.takeRequests().isEmpty)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a chat that goes on without a result is answered`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("weather", ["city": "Rome"], id: "call_w"))
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Weather?")])).expect(200)
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Well?")], ["tools": nil])).expect(409)
            server.model.play(.say("Never mind."))
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Well?")])).expect(
                200, ["choices": [["message": ["content": "Never mind."]]]])
            let asked = try #require(server.model.takeRequests().last).messages.suffix(2)
            #expect(asked.first?.contains("The client gave no result.") == true && asked.last == "user: Well?")
            let wrong: JSONValue = ["role": "tool", "tool_call_id": "call_x", "content": "?"]
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.called, wrong])).expect(
                400, ["error": ["type": "invalid_request_error"]])
            try await server.send(
                .post, Self.chats, Self.chat(agent, [Self.called, ["role": "tool", "content": "?"]])
            )
            .expect(422, ["error": ["param": "messages[1].tool_call_id"]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a stream ends with the calls`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("weather", ["city": "Rome"], id: "call_w"))
            let answer = try await server.send(
                .post, Self.chats, Self.chat(agent, [Self.user("Weather?")], ["stream": true]))
            let choices = StreamedEvent.all(in: answer.text).compactMap { $0.json["choices"]?[0] }
            let call = choices.compactMap { $0["delta"]?["tool_calls"]?[0] }.first
            #expect(call?["index"] == 0 && call?["id"] == "call_w" && call?["function"]?["name"] == "weather")
            #expect(call?["function"]?["arguments"]?.string?.contains("Rome") == true)
            #expect(choices.last?["finish_reason"] == "tool_calls")
            let output: JSONValue = [["type": "function_call_output", "call_id": "call_w", "output": "25 degrees"]]
            server.model.play(.call("weather", ["city": "Oslo"], id: "call_o"))
            let streamed = try await server.send(
                .post, "/v1/responses",
                ["model": .string(agent), "input": output, "tools": Self.responseTools, "stream": true])
            let events = StreamedEvent.all(in: streamed.text)
            #expect(
                events.map { $0.name ?? "" } == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.function_call_arguments.delta", "response.function_call_arguments.done",
                    "response.output_item.done", "response.completed",
                ])
            #expect(events.last?.json["response"]?["output"]?[0]?["call_id"] == "call_o")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `settings are those of one turn`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let format: JSONValue = [
                "type": "json_schema", "json_schema": ["name": "n", "schema": ["type": "object"]],
            ]
            let fields: JSONObject = [
                "temperature": 0.25, "max_tokens": 77, "response_format": format, "tools": nil,
            ]
            server.model.play(.say("{}"), .say("plain"))
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Hi")], fields)).expect(200)
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Hi")])).expect(200)
            let asked = server.model.takeRequests()
            #expect(asked[0].temperature == 0.25 && asked[0].maxOutputTokens == 77 && asked[0].responseFormat == format)
            #expect(asked[1].temperature != 0.25 && asked[1].maxOutputTokens != 77 && asked[1].responseFormat == nil)
            let none = Self.chat(agent, [Self.user("Hi")], ["tool_choice": "none"])
            try await server.send(.post, Self.chats, none).expect(200)
            #expect(server.model.takeRequests()[0].tools.contains("weather") == false)
            let named: JSONValue = ["type": "function", "function": ["name": "weather"]]
            server.model.play(.call("weather", ["city": "Rome"], id: "call_w"))
            try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Hi")], ["tool_choice": named]))
                .expect(
                    200, ["choices": [["finish_reason": "tool_calls"]]])
            #expect(server.model.takeRequests()[0].tools == ["weather"])
            let bad: [(JSONObject, String)] = [
                (["max_tokens": 0], "max_tokens"), (["temperature": "hot"], "temperature"),
                (["response_format": ["type": "xml"]], "response_format"),
                (["tools": [["type": "web_search"]]], "tools[0]"), (["tools": "all"], "tools"),
                (["tool_choice": ["type": "function", "function": ["name": "other"]]], "tool_choice"),
            ]
            for (fields, field) in bad {
                try await server.send(.post, Self.chats, Self.chat(agent, [Self.user("Hi")], fields)).expect(
                    422, ["error": ["param": .text(containing: field)]])
            }
        }
    }

    @Test(arguments: Engines.all)
    func `a response is retrieved, and runs in the background`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("Hello."))
            let first = try await server.send(.post, "/v1/responses", ["model": .string(agent), "input": "Hi"]).expect(
                200)
            server.model.play(.call("weather", ["city": "Rome"], id: "call_w"))
            let second = try await server.send(
                .post, "/v1/responses",
                ["model": .string(agent), "input": "Weather?", "tools": Self.responseTools]
            ).expect(200, ["output": [["type": "function_call", "call_id": "call_w", "name": "weather"]]])
            try await server.restart()
            let other = try await server.addOrganization()
            let unknown: JSONValue = ["error": ["type": "invalid_request_error"]]
            let text: JSONValue = ["content": [["type": "output_text", "text": "Hello."]]]
            try await server.run([
                .get("/v1/responses/\(first.id)", expect: 200, ["status": "completed", "output": [text]]),
                .get("/v1/responses/\(second.id)", expect: 200, ["output": [["call_id": "call_w"]]]),
                .get("/v1/responses/\(first.id)", as: other, expect: 404, unknown),
                .get("/v1/responses/resp_run-\(nobody)", expect: 404, unknown),
                .get("/v1/responses/nothing", expect: 404, unknown),
                .post("/v1/responses/\(first.id)/cancel", expect: 400, unknown),
                .post("/v1/responses/resp_run-\(nobody)/cancel", expect: 404, unknown),
            ])
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            let items: JSONValue = [["type": "function_call_output", "call_id": "call_w", "output": "25 degrees"]]
            let started = try await server.send(
                .post, "/v1/responses", ["model": .string(agent), "input": items, "background": true]
            ).expect(200, ["status": "queued", "background": true])
            await hold.reached()
            try await server.run([
                .get("/v1/responses/\(started.id)", expect: 200, ["status": "in_progress"]),
                .post("/v1/responses/\(started.id)/cancel", expect: 200),
                .post(
                    "/v1/responses", ["model": .string(agent), "input": "x", "background": true, "stream": true],
                    expect: 422),
            ])
            hold.release()
            _ = try await server.follow(String(started.id.dropFirst("resp_".count)))
            try await server.get("/v1/responses/\(started.id)").expect(200, ["status": "cancelled"])
        }
    }
}
