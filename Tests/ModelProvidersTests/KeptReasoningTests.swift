import JSON
import Testing

@testable import ModelProviders

/// What a provider signed or encrypted goes back with the results of its calls, and to no other provider.
@Suite struct KeptReasoningTests {
    private func body(_ value: some JSONWritable) throws -> JSONValue {
        try JSONParser().parse(JSONWriter.bytes(of: value))
    }

    /// The next request after an answer whose calls have results.
    private func next(_ model: String, _ deltas: [ModelDelta]) -> ModelRequest {
        var accumulator = ModelDeltaAccumulator()
        for delta in deltas { accumulator.add(delta) }
        let answer = accumulator.answer
        return ModelRequest(
            model: model,
            messages: [
                .system("Be kind."), .user([.text("hi")]),
                .assistant(
                    text: answer.text, reasoning: answer.reasoning, signature: answer.reasoningSignature,
                    toolCalls: answer.toolCalls),
            ] + answer.toolCalls.map { .tool(callID: $0.id, text: "done") })
    }

    @Test func `Google's signatures go back with the parts they came with`() throws {
        let body = try body(GoogleRequestBody(request: next("gemini-3-pro", WireFormat.google.deltas)))
        #expect(
            body["contents"] == [
                ["parts": [["text": "hi"]], "role": "user"],
                [
                    "parts": [
                        ["text": "héllo 🦉", "thoughtSignature": "dHh0"],
                        ["functionCall": ["name": "add", "args": ["x": 1]], "thoughtSignature": "c2ln"],
                        ["functionCall": ["name": "now", "args": [:]]],
                    ], "role": "model",
                ],
                [
                    "parts": [
                        ["functionResponse": ["name": "add", "response": ["result": "done"]]],
                        ["functionResponse": ["name": "now", "response": ["result": "done"]]],
                    ], "role": "user",
                ],
            ])
        #expect(body["systemInstruction"] == ["parts": [["text": "Be kind."]]])
    }

    @Test func `the Responses API gets its encrypted reasoning back before the calls`() throws {
        let request = next("gpt-5-mini", WireFormat.responses.deltas)
        let body = try body(ResponsesRequestBody(request: request, streaming: true))
        #expect(
            body["input"] == [
                ["type": "message", "role": "system", "content": "Be kind."],
                ["type": "message", "role": "user", "content": "hi"],
                [
                    "type": "reasoning", "summary": [["type": "summary_text", "text": "let me"]], "id": "rs_1",
                    "encrypted_content": "ZW5j",
                ],
                ["type": "message", "role": "assistant", "content": "héllo 🦉"],
                ["type": "function_call", "call_id": "a", "name": "add", "arguments": #"{"x": 1}"#],
                ["type": "function_call", "call_id": "b", "name": "now", "arguments": "{}"],
                ["type": "function_call_output", "call_id": "a", "output": "done"],
                ["type": "function_call_output", "call_id": "b", "output": "done"],
            ])
        #expect(body["store"] == false && body["include"] == ["reasoning.encrypted_content"])
    }

    @Test func `Anthropic gets encrypted and several blocks back as they came`() throws {
        let blocks = #"[{"type":"thinking","thinking":"a","signature":"s"},{"type":"redacted_thinking","data":"ZW5j"}]"#
        let request = next(
            "claude-sonnet-4-5",
            [
                .reasoning("a"), .toolCall(.init(index: 0, id: "t", name: "now", argumentsFragment: "{}")),
                .reasoningSignature("anthropic:\(blocks)"), .finish(.toolCalls),
            ])
        let content = try body(AnthropicRequestBody(request: request, streaming: false))["messages"]?[1]?["content"]
        #expect(content?[0] == ["type": "thinking", "thinking": "a", "signature": "s"])
        #expect(content?[1] == ["type": "redacted_thinking", "data": "ZW5j"])
        #expect(content?[2]?["type"] == "tool_use")
    }

    @Test func `OpenRouter gets its details back`() throws {
        var decoder = OpenAIChunkDecoder()
        var deltas: [ModelDelta] = []
        for piece in [
            #"{"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0}]}"#,
            #"{"reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "text": "b", "index": 0, "signature": "s"}]}"#,
            #"{"tool_calls": [{"index": 0, "id": "t", "function": {"name": "now", "arguments": "{}"}}]}"#,
        ] {
            deltas += try decoder.decode(try JSONParser().parse(#"{"choices": [{"index": 0, "delta": \#(piece)}]}"#))
        }
        deltas += decoder.end()
        let dialect = OpenAIRequestBody.Dialect(isOfficial: false, isLlamaServer: false)
        let sent = try body(OpenAIRequestBody(request: next("x", deltas), dialect: dialect, streaming: false))
        let assistant = try #require(sent["messages"]?[2])
        #expect(
            assistant["reasoning_details"] == [
                ["type": "reasoning.text", "text": "ab", "index": 0, "signature": "s"]
            ])
        #expect(assistant["reasoning_content"] == nil)
    }

    @Test func `no provider gets what another one signed`() throws {
        for signature in ["plain", "google:{}", #"openai:[{"type":"reasoning"}]"#, "anthropic:[]", "openrouter:[]"] {
            let request = ModelRequest(
                model: "m",
                messages: [
                    .user([.text("hi")]),
                    .assistant(
                        text: nil, reasoning: "r", signature: signature,
                        toolCalls: [ModelToolCall(id: "t", name: "now", arguments: "{}")]),
                    .tool(callID: "t", text: "done"),
                ])
            let dialect = OpenAIRequestBody.Dialect(isOfficial: true, isLlamaServer: false)
            let texts = [
                ("google", JSONWriter.string(of: GoogleRequestBody(request: request))),
                ("openai", JSONWriter.string(of: ResponsesRequestBody(request: request, streaming: false))),
                (
                    "openrouter",
                    JSONWriter.string(
                        of: OpenAIRequestBody(request: request, dialect: dialect, streaming: false))
                ),
                ("anthropic", JSONWriter.string(of: AnthropicRequestBody(request: request, streaming: false))),
            ]
            for (format, text) in texts where !signature.hasPrefix(format) {
                let isOwn = signature == "plain" && format == "anthropic"
                #expect(text.contains("\"\(signature)\"") == isOwn, "\(format) and \(signature)")
                #expect(!text.contains(#"{"type":"reasoning"}"#), "\(format) and \(signature)")
            }
        }
        #expect(OpaqueReasoning.isPlain("c2ln+/=") && !OpaqueReasoning.isPlain("google:{}"))
    }

    @Test func `a call of another model has the signature that Google documents for it`() throws {
        let request = next("gemini-3-pro", [.toolCall(.init(index: 0, id: "t", name: "now", argumentsFragment: "x"))])
        let part = try body(GoogleRequestBody(request: request))["contents"]?[1]?["parts"]?[0]
        #expect(part?["thoughtSignature"] == "skip_thought_signature_validator")
        #expect(part?["functionCall"] == ["name": "now", "args": [:]])
    }
}
