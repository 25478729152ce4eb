import JSON
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(2))) struct OpenAIRequestBodyTests {
    private let tools = [
        ModelTool(name: "add", description: "Adds.", parameters: ["type": "object"]),
        ModelTool(name: "sub", description: nil, parameters: ["type": "object"], isStrict: true),
    ]

    private func body(
        _ request: ModelRequest, streaming: Bool = false, isOfficial: Bool = false, isLlamaServer: Bool = false
    ) throws -> JSONValue {
        let body = OpenAIRequestBody(
            request: request, dialect: .init(isOfficial: isOfficial, isLlamaServer: isLlamaServer),
            streaming: streaming)
        return try JSONParser().parse(JSONWriter.bytes(of: body))
    }

    @Test func everyKindOfMessageIsWrittenAsThePeerWritesIt() throws {
        let call = ModelToolCall(id: "call_0123456789012345678901234567", name: "add", arguments: #"{"a": 1}"#)
        let request = ModelRequest(
            model: "gpt-4o-mini",
            messages: [
                .system("be kind"), .user([.text("hi")]), .user([.text("two")], name: "bob"),
                .user([.text("see"), .image(url: "data:image/png;base64,AA==", detail: "auto")]),
                .assistant(text: nil, toolCalls: [call]), .tool(callID: call.id, text: "3"),
                .assistant(text: "with reasoning", reasoning: "let me think"), .assistant(text: nil),
            ])
        let expected = try JSONParser().parse(
            #"""
            {"messages": [
              {"content": "be kind", "role": "system"}, {"content": "hi", "role": "user"},
              {"content": "two", "role": "user", "name": "bob"},
              {"content": [{"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "auto"}}],
               "role": "user"},
              {"content": null, "role": "assistant", "tool_calls": [{"id": "call_012345678901234567890123",
                "type": "function", "function": {"name": "add", "arguments": "{\"a\": 1}"}}]},
              {"content": "3", "role": "tool", "tool_call_id": "call_012345678901234567890123"},
              {"content": "with reasoning", "role": "assistant", "reasoning_content": "let me think"},
              {"content": "", "role": "assistant"}], "model": "gpt-4o-mini"}
            """#)
        #expect(try body(request) == expected)
        #expect(try body(request, isOfficial: true)["messages"]?[6]?["reasoning_content"] == nil)
    }

    @Test func settingsAndToolsAreWrittenAsThePeerWritesThem() throws {
        var request = ModelRequest(
            model: "gpt-4o-mini", messages: [], tools: tools, temperature: 1, maxOutputTokens: 16_384)
        request.user = "user-1"
        request.responseFormat = ["type": "json_object"]
        let expected = try JSONParser().parse(
            #"""
            {"messages": [], "model": "gpt-4o-mini", "max_completion_tokens": 16384, "stream": true,
             "stream_options": {"include_usage": true}, "temperature": 1.0, "response_format": {"type": "json_object"},
             "parallel_tool_calls": false, "tool_choice": "auto", "tools": [
              {"type": "function",
               "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}},
              {"type": "function", "function": {"name": "sub", "parameters": {"type": "object"}, "strict": true}}],
             "user": "user-1"}
            """#)
        #expect(try body(request, streaming: true) == expected)
    }

    @Test func theTextIsWrittenInOneOrderAndNoKeyTwice() throws {
        var request = ModelRequest(
            model: "gpt-4o-mini", messages: [.system("s"), .user([.text("u")], name: "bob")], tools: tools,
            temperature: 1, maxOutputTokens: 16)
        request.user = "user-1"
        let body = OpenAIRequestBody(
            request: request, dialect: .init(isOfficial: true, isLlamaServer: false), streaming: true)
        let expected = #"""
            {"messages": [{"content": "s", "role": "system"}, {"content": "u", "role": "user", "name": "bob"}], \
            "model": "gpt-4o-mini", "max_completion_tokens": 16, "stream": true, \
            "stream_options": {"include_usage": true}, "temperature": 1.0, "parallel_tool_calls": false, \
            "tool_choice": "auto", "tools": [{"type":"function","function":{"name":"add",\
            "description":"Adds.","parameters":{"type":"object"}}}, {"type":"function","function":{"name":"sub",\
            "parameters":{"type":"object"},"strict":true}}], "user": "user-1"}
            """#
        #expect(
            JSONWriter.string(of: body, style: .spaced)
                == expected.split(separator: "\\\n").joined())
    }

    @Test func withoutToolsNothingIsSaidAboutThem() throws {
        let body = try body(ModelRequest(model: "m", messages: [], toolChoice: .required, parallelToolCalls: true))
        #expect(body.object?.keys == ["messages", "model"])
    }

    @Test func aToolChoiceIsAWordUnlessItNamesATool() throws {
        var request = ModelRequest(model: "m", messages: [], tools: tools, parallelToolCalls: true)
        for (choice, word) in [(ModelToolChoice.auto, "auto"), (.none, "none"), (.required, "required")] {
            request.toolChoice = choice
            #expect(try body(request)["tool_choice"] == .string(word))
            #expect(try body(request)["parallel_tool_calls"] == true)
        }
        request.toolChoice = .one("sub")
        #expect(try body(request)["tool_choice"] == ["type": "function", "function": ["name": "sub"]])
        #expect(try body(request)["tools"]?.array?.count == 2)
    }

    @Test func llamaServerIsForcedToOneToolByOfferingNoOther() throws {
        var request = ModelRequest(model: "m", messages: [], tools: tools)
        request.toolChoice = .one("sub")
        let body = try body(request, isLlamaServer: true)
        #expect(body["tool_choice"] == "required")
        #expect(body["tools"]?.array?.map { $0["function"]?["name"] } == ["sub"])
    }

    @Test func llamaServerAnswersTheSameWhereNothingIsLeftToChance() throws {
        var request = ModelRequest(model: "m", messages: [], temperature: 0)
        #expect(try body(request, isLlamaServer: true)["seed"] == 0)
        #expect(try body(request)["seed"] == nil)
        request.temperature = 0.3
        #expect(try body(request, isLlamaServer: true)["seed"] == nil)
    }

    @Test func reasoningModelsAreSparedWhatTheyRefuse() throws {
        var request = ModelRequest(model: "gpt-5", messages: [], tools: tools, temperature: 0.7)
        #expect(try body(request)["temperature"] == nil)
        #expect(try body(request)["parallel_tool_calls"] == false)
        request.temperature = 1
        request.reasoningEffort = "low"
        #expect(try body(request)["temperature"] == 1.0)
        #expect(try body(request)["reasoning_effort"] == "low")
        request.model = "o3-mini"
        #expect(try body(request)["parallel_tool_calls"] == nil)
        request.model = "gpt-5-chat-latest"
        request.temperature = 0.7
        #expect(try body(request)["temperature"] == 0.7)
    }
}
