import JSON
import Testing

@testable import ModelProviders

/// Requests for Google, Ollama and the Responses API.
@Suite struct OtherRequestBodyTests {
    private func body(_ value: some JSONWritable) throws -> JSONValue {
        try JSONParser().parse(JSONWriter.bytes(of: value))
    }

    private static let format: JSONValue = [
        "type": "json_schema",
        "json_schema": [
            "name": "n", "strict": true,
            "schema": [
                "type": "object", "properties": ["x": ["type": ["integer", "null"]]], "additionalProperties": false,
            ],
        ],
    ]

    private func request(_ choice: ModelToolChoice) -> ModelRequest {
        var request = ModelRequest(
            model: "m",
            messages: [
                .system("S"), .user([.text("look"), .image(url: "data:image/png;base64,QUJD")]),
                .assistant(text: "I add", toolCalls: [ModelToolCall(id: "t", name: "add", arguments: #"{"x":1}"#)]),
                .tool(callID: "t", text: "2"),
            ],
            tools: [
                ModelTool(
                    name: "add", description: "Adds.",
                    parameters: ["type": "object", "properties": ["x": ["type": "integer"]], "required": ["x"]],
                    isStrict: true),
                ModelTool(name: "now", description: nil, parameters: ["type": "object", "properties": [:]]),
            ],
            toolChoice: choice, parallelToolCalls: true, temperature: 0.5, maxOutputTokens: 100)
        request.responseFormat = Self.format
        request.contextWindow = 9_000
        request.user = "user-1"
        return request
    }

    @Test func `a whole request to Google`() throws {
        let sent = try body(GoogleRequestBody(request: request(.one("add"))))
        #expect(
            sent["tools"] == [
                [
                    "functionDeclarations": [
                        [
                            "name": "add", "description": "Adds.",
                            "parameters": [
                                "type": "object", "properties": ["x": ["type": "integer"]], "required": ["x"],
                            ],
                        ], ["name": "now"],
                    ]
                ]
            ])
        #expect(sent["toolConfig"]?["functionCallingConfig"] == ["mode": "ANY", "allowedFunctionNames": ["add"]])
        #expect(
            sent["generationConfig"] == [
                "maxOutputTokens": 100, "temperature": 0.5, "responseMimeType": "application/json",
                "responseSchema": [
                    "type": "object", "properties": ["x": ["nullable": true, "type": "integer"]],
                ],
            ])
        #expect(
            sent["contents"]?[0]?["parts"]?[1] == ["inlineData": ["mimeType": "image/png", "data": "QUJD"]])
        for (choice, mode) in [(ModelToolChoice.auto, "AUTO"), (.none, "NONE"), (.required, "ANY")] {
            let config = try body(GoogleRequestBody(request: request(choice)))["toolConfig"]?["functionCallingConfig"]
            #expect(config == ["mode": .string(mode)])
        }
    }

    @Test func `Google's schemas have what it takes and nothing else`() throws {
        let schema: JSONValue = [
            "$defs": ["Size": ["enum": [1, 2], "title": "Size"]], "type": "object", "additionalProperties": false,
            "properties": [
                "a": ["$ref": "#/$defs/Size", "description": "how big"],
                "b": ["type": ["string", "null"], "default": "x"],
                "c": ["type": "array", "items": ["oneOf": [["type": "string", "format": "uri"], ["const": "k"]]]],
                "d": [:],
            ],
        ]
        #expect(
            GoogleSchema.of(schema) == [
                "type": "object",
                "properties": [
                    "a": ["enum": ["1", "2"], "title": "Size", "description": "how big", "type": "string"],
                    "b": ["nullable": true, "type": "string"],
                    "c": [
                        "type": "array", "items": ["anyOf": [["type": "string"], ["enum": ["k"], "type": "string"]]],
                    ],
                    "d": ["type": "string"],
                ],
            ])
        // A schema that refers to itself ends.
        _ = GoogleSchema.of(["$defs": ["A": ["type": "array", "items": ["$ref": "#/$defs/A"]]], "$ref": "#/$defs/A"])
    }

    @Test func `Google reasons by a level or a budget`() throws {
        var asked = ModelRequest(model: "gemini-3-pro", messages: [.user([.text("hi")])])
        asked.reasoningEffort = "low"
        func thinking() throws -> JSONValue? {
            try body(GoogleRequestBody(request: asked))["generationConfig"]?["thinkingConfig"]
        }
        #expect(try thinking() == ["includeThoughts": true, "thinkingLevel": "low"])
        asked.model = "gemini-2.5-pro"
        #expect(try thinking() == nil)
        asked.reasoningBudget = 2_000
        #expect(try thinking() == ["includeThoughts": true, "thinkingBudget": 2_000])
    }

    @Test func `a whole request to Ollama names the window`() throws {
        let sent = try body(OllamaRequestBody(request: request(.one("add")), thinks: false, streaming: true))
        #expect(
            sent == [
                "messages": [
                    ["role": "system", "content": "S"],
                    ["role": "user", "content": "look", "images": ["QUJD"]],
                    [
                        "role": "assistant", "content": "I add",
                        "tool_calls": [["function": ["name": "add", "arguments": ["x": 1]]]],
                    ],
                    ["role": "tool", "content": "2", "tool_name": "add"],
                ],
                "model": "m", "stream": true,
                "options": ["num_ctx": 9_000, "num_predict": 100, "temperature": 0.5],
                "format": Self.format["json_schema"]?["schema"] ?? .null,
                "tools": [
                    [
                        "type": "function",
                        "function": [
                            "name": "add", "description": "Adds.",
                            "parameters": [
                                "type": "object", "properties": ["x": ["type": "integer"]], "required": ["x"],
                            ],
                        ],
                    ]
                ],
            ])
        #expect(try body(OllamaRequestBody(request: request(.none), thinks: true, streaming: true))["tools"] == nil)
        #expect(try body(OllamaRequestBody(request: request(.none), thinks: true, streaming: true))["think"] == false)
    }

    @Test func `a whole request to the Responses API`() throws {
        var asked = request(.one("add"))
        let sent = try body(ResponsesRequestBody(request: asked, streaming: true))
        #expect(sent["text"]?["format"]?["type"] == "json_schema" && sent["text"]?["format"]?["name"] == "n")
        #expect(sent["text"]?["format"]?["schema"] == Self.format["json_schema"]?["schema"])
        #expect(sent["tool_choice"] == ["type": "function", "name": "add"] && sent["parallel_tool_calls"] == true)
        #expect(sent["tools"]?[0]?["strict"] == true && sent["tools"]?[1]?["strict"] == false)
        #expect(sent["temperature"] == 0.5 && sent["max_output_tokens"] == 100 && sent["user"] == "user-1")
        #expect(sent["reasoning"] == nil && sent["store"] == false && sent["stream"] == true)
        #expect(
            sent["input"]?[1]?["content"]?[1]
                == ["type": "input_image", "image_url": "data:image/png;base64,QUJD", "detail": "auto"])
        asked.model = "gpt-5-mini"
        asked.reasoningEffort = "low"
        let reasoning = try body(ResponsesRequestBody(request: asked, streaming: false))
        #expect(reasoning["reasoning"] == ["effort": "low", "summary": "auto"] && reasoning["temperature"] == nil)
    }

    @Test func `Anthropic gets the schema of an answer and strict tools where its models take them`() throws {
        var asked = request(.auto)
        asked.model = "claude-sonnet-4-5"
        let sent = try body(AnthropicRequestBody(request: asked, streaming: false))
        #expect(sent["output_config"]?["format"]?["type"] == "json_schema")
        #expect(sent["output_config"]?["format"]?["schema"]?["additionalProperties"] == false)
        #expect(
            sent["tools"]?[0]?["strict"] == true && sent["tools"]?[0]?["input_schema"]?["additionalProperties"] == false
        )
        #expect(sent["tools"]?[1]?["strict"] == nil)
        asked.model = "claude-3-7-sonnet-20250219"
        let older = try body(AnthropicRequestBody(request: asked, streaming: false))
        #expect(older["output_config"] == nil && older["tools"]?[0]?["strict"] == nil)
    }
}
