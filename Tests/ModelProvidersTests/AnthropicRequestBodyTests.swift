import JSON
import Testing

@testable import ModelProviders

@Suite struct AnthropicRequestBodyTests {
    private static let add = ModelTool(
        name: "add", description: "Adds.", parameters: ["type": "object", "properties": ["x": ["type": "integer"]]])

    private func body(_ request: ModelRequest, streaming: Bool = false) throws -> JSONValue {
        try JSONParser().parse(JSONWriter.bytes(of: AnthropicRequestBody(request: request, streaming: streaming)))
    }

    private func request(_ model: String = "claude-sonnet-4-5", _ messages: ModelMessage...) -> ModelRequest {
        ModelRequest(model: model, messages: messages.isEmpty ? [.user([.text("hi")])] : messages)
    }

    @Test func `a whole request`() throws {
        var request = request(
            "claude-sonnet-4-5", .system("Be kind."),
            .user([.text("look"), .image(url: "data:image/png;base64,QUJD")]),
            .assistant(
                text: "I add", toolCalls: [ModelToolCall(id: "toolu_1", name: "add", arguments: #"{"x": 1}"#)]),
            .tool(callID: "toolu_1", text: "2"), .user([.text("and?"), .image(url: "https://host/a.png")]))
        request.tools = [Self.add]
        request.temperature = 0.5
        request.maxOutputTokens = 100
        request.user = "user-1"
        #expect(
            try body(request, streaming: true) == [
                "max_tokens": 100,
                "messages": [
                    [
                        "content": [
                            ["type": "text", "text": "look"],
                            [
                                "type": "image",
                                "source": ["type": "base64", "media_type": "image/png", "data": "QUJD"],
                            ],
                        ], "role": "user",
                    ],
                    [
                        "content": [
                            ["type": "text", "text": "I add"],
                            ["type": "tool_use", "id": "toolu_1", "name": "add", "input": ["x": 1]],
                        ], "role": "assistant",
                    ],
                    [
                        "content": [
                            ["type": "tool_result", "tool_use_id": "toolu_1", "content": "2"],
                            ["type": "text", "text": "and?"],
                            ["type": "image", "source": ["type": "url", "url": "https://host/a.png"]],
                        ], "role": "user",
                    ],
                ],
                "model": "claude-sonnet-4-5", "stream": true,
                "system": [["type": "text", "text": "Be kind.", "cache_control": ["type": "ephemeral"]]],
                "temperature": 0.5, "tool_choice": ["type": "auto", "disable_parallel_tool_use": true],
                "tools": [
                    [
                        "name": "add", "description": "Adds.",
                        "input_schema": ["type": "object", "properties": ["x": ["type": "integer"]]],
                    ]
                ],
                "metadata": ["user_id": "user-1"],
            ])
    }

    @Test func `a bare request has a limit`() throws {
        #expect(
            try body(request()) == [
                "max_tokens": 4096, "messages": [["content": [["type": "text", "text": "hi"]], "role": "user"]],
                "model": "claude-sonnet-4-5",
            ])
    }

    @Test func `turns alternate, from the user to the user, without blank texts`() throws {
        let calls = ["a|b", "c"].map { ModelToolCall(id: $0, name: "add", arguments: "{,") }
        let body = try body(
            request(
                "m", .system("one"), .system(" "), .assistant(text: "before"), .user([.text("x")], name: "Ann"),
                .user([.text(" \n")]), .user([.text("y")]), .assistant(text: "", toolCalls: calls),
                .tool(callID: "a|b", text: "1"), .tool(callID: "c", text: "2"), .system("two"),
                .assistant(text: "p"), .assistant(text: "q")))
        let turns = body["messages"]?.array ?? []
        #expect(turns.map { $0["role"] } == ["user", "assistant", "user", "assistant", "user", "assistant", "user"])
        #expect(turns.map { $0["content"]?.array?.count } == [1, 1, 2, 2, 2, 2, 1])
        #expect(turns[3]["content"]?[0] == ["type": "tool_use", "id": "a_b", "name": "add", "input": [:]])
        #expect(turns[4]["content"]?[0]?["tool_use_id"] == "a_b")
        #expect(
            body["system"] == [
                ["type": "text", "text": "one"],
                ["type": "text", "text": "two", "cache_control": ["type": "ephemeral"]],
            ])
    }

    @Test func `a call can be forced, forbidden, or one of several`() throws {
        var request = request()
        request.tools = [Self.add]
        request.toolChoice = .required
        #expect(try body(request)["tool_choice"] == ["type": "any", "disable_parallel_tool_use": true])
        request.toolChoice = .one("add")
        request.parallelToolCalls = true
        #expect(
            try body(request)["tool_choice"] == ["type": "tool", "name": "add", "disable_parallel_tool_use": false])
        request.toolChoice = .none
        #expect(try body(request)["tool_choice"] == ["type": "none"])
        request.tools = []
        #expect(try body(request)["tool_choice"] == nil)
        request.tools = [ModelTool(name: "now", description: nil, parameters: [:])]
        #expect(try body(request)["tools"] == [["name": "now", "input_schema": ["type": "object"]]])
    }

    private static let temperatures: [(String, Double, Double?)] = [
        ("claude-sonnet-4-5", 0.2, 0.2), ("claude-sonnet-4-6", 1.5, 1), ("claude-3-haiku-20240307", 0.2, 0.2),
        ("other", 0.2, 0.2), ("claude-sonnet-4-5", 1, nil), ("claude-opus-4-7", 0.2, nil),
        ("claude-opus-5", 0.2, nil), ("claude-mythos-preview", 0.2, nil),
    ]

    @Test(arguments: temperatures)
    func `a temperature goes to models that take it`(model: String, asked: Double, sent: Double?) throws {
        var request = request(model)
        request.temperature = asked
        #expect(try body(request)["temperature"]?.double == sent)
    }

    // MARK: Reasoning

    private static let thinking: [(String, JSONValue?)] = [
        ("claude-sonnet-4-5", ["type": "enabled", "budget_tokens": 2000]),
        ("claude-3-7-sonnet-20250219", ["type": "enabled", "budget_tokens": 2000]), ("claude-3-5-haiku-latest", nil),
        ("claude-opus-4-7", ["type": "adaptive", "display": "summarized"]),
        ("claude-haiku-5-5", ["type": "adaptive", "display": "summarized"]),
    ]

    @Test(arguments: thinking)
    func `reasoning is asked for as the model knows it`(model: String, thinking: JSONValue?) throws {
        var request = request(model)
        request.temperature = 0.3
        request.maxOutputTokens = 8000
        #expect(try body(request)["thinking"] == nil)
        request.reasoningBudget = 2000
        request.reasoningEffort = "low"
        let body = try body(request)
        #expect(body["thinking"] == thinking)
        #expect((body["temperature"] == nil) == (thinking != nil))
        #expect((body["output_config"] == ["effort": "low"]) == (thinking?["type"] == "adaptive"))
    }

    @Test func `a budget is at least 1024 tokens and below the limit of the answer`() throws {
        var request = request()
        request.reasoningBudget = 10
        #expect(try body(request)["thinking"]?["budget_tokens"] == 1024)
        request.reasoningBudget = 9000
        #expect(try body(request)["thinking"]?["budget_tokens"] == 4095)
        request.maxOutputTokens = 1024
        #expect(try body(request)["thinking"] == nil)
    }

    @Test func `a forced call excludes reasoning`() throws {
        for model in ["claude-sonnet-4-5", "claude-opus-5"] {
            var request = request(model)
            request.reasoningBudget = 2000
            request.tools = [Self.add]
            request.toolChoice = .required
            #expect(try body(request)["thinking"] == nil)
        }
    }

    @Test func `signed reasoning goes back with the calls it led to`() throws {
        func history(_ signature: String?) -> ModelRequest {
            let call = ModelToolCall(id: "a", name: "add", arguments: "{}")
            var request = request(
                "claude-sonnet-4-5", .user([.text("old")]), .assistant(text: "o", reasoning: "old", signature: "s0"),
                .user([.text("new")]),
                .assistant(text: nil, reasoning: "think", signature: signature, toolCalls: [call]),
                .tool(callID: "a", text: "1"), .user([.text("a notice")]))
            request.reasoningBudget = 2000
            return request
        }
        let signed = try body(history("s1"))
        // Earlier reasoning goes back too: the service leaves it out, and the request begins as the one before.
        #expect(
            signed["messages"]?[1]?["content"] == [
                ["type": "thinking", "thinking": "old", "signature": "s0"], ["type": "text", "text": "o"],
            ])
        #expect(
            signed["messages"]?[3]?["content"]?[0] == ["type": "thinking", "thinking": "think", "signature": "s1"])
        #expect(signed["thinking"] != nil)
        let unsigned = try body(history(nil))
        #expect(unsigned["messages"]?[3]?["content"]?.array?.count == 1)
        #expect(unsigned["thinking"] == nil, "the API rejects a budget after a call without reasoning")
    }
}
