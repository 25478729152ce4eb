import JSON
import ModelProviders
import TestSupport
import Testing

/// What a service says in one wire format, and where its requests have the conversation.
struct VendorFormat: Sendable, CustomTestStringConvertible {
    var kind: ProviderKind
    /// The bodies of its listings, by the ends of their paths.
    var listings: [String: String]
    /// The field of a request with the messages.
    var messages: String
    /// A streamed text.
    var text: @Sendable (String) -> String
    /// A streamed call of a tool with the text of its arguments, after some reasoning that the service signs where it
    /// does so.
    var call: @Sendable (_ tool: String, _ arguments: String) -> String
    /// A streamed answer that says nothing.
    var nothing: String
    /// A piece of a stream that is no JSON.
    var garbage: String
    /// The body of the refusal of what is too long, which comes with status 400.
    var overflow: String

    static let all = [chat, responses, anthropic, google, ollama]

    var testDescription: String { kind.rawValue }

    /// The body of an error.
    func refusal(_ message: String) -> String {
        kind == .ollama
            ? #"{"error": "\#(message)"}"# : #"{"error": {"message": "\#(message)", "type": "scripted", "code": null}}"#
    }

    func reply(_ text: String) -> FakeOpenAI.Reply { .events(.bytes(text)) }

    /// Passes `body` a server whose base provider speaks the format, with the handle of a model.
    func serving(
        on engine: TestEngine, clock: any Clock<Duration> = ContinuousClock(), retries: Int = 2,
        _ change: (inout TestServer.Options) -> Void = { _ in },
        _ body: (FakeOpenAI, TestServer, _ model: JSONValue) async throws -> Void
    ) async throws {
        try await FakeOpenAI.serving(reply(text("fine"))) { fake in
            fake.answer(listings)
            try await withServer(
                on: engine,
                {
                    $0.provider = fake.client(kind, maximumRetries: retries, clock: clock)
                    change(&$0)
                }
            ) { server in
                let models = try await server.get("/v1/models/")
                let handle = try #require(models.json[0]?["handle"], "\(models.text)")
                try await body(fake, server, handle)
            }
        }
    }

    static func quoted(_ text: String) -> String { JSONWriter.string(of: JSONValue.string(text)) }

    private static func events(_ events: [String]) -> String { events.map { "data: \($0)\n\n" }.joined() }

    // MARK: Formats

    private static let listed = [
        "/models": #"{"data": [{"id": "m", "max_model_len": 50000, "max_input_tokens": 50000}]}"#
    ]

    private static func chunk(_ delta: String, _ finish: String = "null") -> String {
        #"{"choices": [{"index": 0, "delta": \#(delta), "finish_reason": \#(finish)}]}"#
    }

    private static let chatEnd = [
        #"{"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 2}}"#, "[DONE]",
    ]

    static let chat = VendorFormat(
        kind: .openAI, listings: listed, messages: "messages",
        text: { events([chunk(#"{"content": \#(quoted($0))}"#), chunk("{}", #""stop""#)] + chatEnd) },
        call: { tool, arguments in
            let function = #"{"name": \#(quoted(tool)), "arguments": \#(quoted(arguments))}"#
            return events(
                [
                    chunk(#"{"reasoning_content": "hm"}"#),
                    chunk(#"{"tool_calls": [{"index": 0, "id": "call_1", "function": \#(function)}]}"#),
                    chunk("{}", #""tool_calls""#),
                ] + chatEnd)
        }, nothing: events([chunk("{}", #""stop""#)] + chatEnd), garbage: "data: {\"choices\": [{{\n\n",
        overflow: #"""
            {"error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}}
            """#)

    private static func event(_ type: String, _ fields: String) -> String {
        #"{"type": "response.\#(type)"\#(fields)}"#
    }

    private static let responsesEnd = event(
        "completed", #", "response": {"status": "completed", "usage": {"input_tokens": 900, "output_tokens": 2}}"#)

    static let responses = VendorFormat(
        kind: .responses, listings: listed, messages: "input",
        text: { text in
            events([
                event("output_item.added", #", "output_index": 0, "item": {"type": "message", "content": []}"#),
                event("output_text.delta", #", "output_index": 0, "delta": \#(quoted(text))"#), responsesEnd,
            ])
        },
        call: { tool, arguments in
            func item(_ arguments: String) -> String {
                #"""
                {"type": "function_call", "id": "fc", "call_id": "call_1", "name": \#(quoted(tool)), \#
                "arguments": \#(quoted(arguments))}
                """#
            }
            let reasoning = #"{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "ZW5j"}"#
            return events([
                event("output_item.done", #", "output_index": 0, "item": \#(reasoning)"#),
                event("output_item.added", #", "output_index": 1, "item": \#(item(""))"#),
                event("function_call_arguments.delta", #", "output_index": 1, "delta": \#(quoted(arguments))"#),
                event("output_item.done", #", "output_index": 1, "item": \#(item(arguments))"#), responsesEnd,
            ])
        }, nothing: events([responsesEnd]),
        garbage: "event: response.output_text.delta\ndata: {\"delta\": [,\n\n",
        overflow: #"{"error": {"message": "Too long.", "param": "input", "code": "context_length_exceeded"}}"#)

    private static func block(_ index: Int, _ block: String, _ delta: String) -> [String] {
        [
            #"{"type": "content_block_start", "index": \#(index), "content_block": \#(block)}"#,
            #"{"type": "content_block_delta", "index": \#(index), "delta": \#(delta)}"#,
            #"{"type": "content_block_stop", "index": \#(index)}"#,
        ]
    }

    private static func message(_ blocks: [String], _ stop: String) -> String {
        events(
            [#"{"type": "message_start", "message": {"usage": {"input_tokens": 900}}}"#] + blocks + [
                #"{"type": "message_delta", "delta": {"stop_reason": "\#(stop)"}, "usage": {"output_tokens": 2}}"#,
                #"{"type": "message_stop"}"#,
            ])
    }

    static let anthropic = VendorFormat(
        kind: .anthropic, listings: listed, messages: "messages",
        text: { text in
            message(
                block(0, #"{"type": "text"}"#, #"{"type": "text_delta", "text": \#(quoted(text))}"#), "end_turn")
        },
        call: { tool, arguments in
            let thinking =
                block(
                    0, #"{"type": "thinking", "thinking": "", "signature": ""}"#,
                    #"{"type": "thinking_delta", "thinking": "hm"}"#
                ).dropLast()
                + block(0, "{}", #"{"type": "signature_delta", "signature": "c2ln"}"#).dropFirst()
            let use = block(
                1, #"{"type": "tool_use", "id": "call_1", "name": \#(quoted(tool))}"#,
                #"{"type": "input_json_delta", "partial_json": \#(quoted(arguments))}"#)
            return message(thinking + use, "tool_use")
        }, nothing: message([], "end_turn"), garbage: "data: {\"type\": [,\n\n",
        overflow: #"""
            {"type": "error", "error": {"type": "invalid_request_error", "message": \#
            "prompt is too long: 208310 tokens > 200000 maximum"}}
            """#)

    private static func candidate(_ parts: String) -> String {
        events([
            #"""
            {"candidates": [{"content": {"parts": [\#(parts)], "role": "model"}, "finishReason": "STOP"}], \#
            "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 2}}
            """#
        ])
    }

    static let google = VendorFormat(
        kind: .google,
        listings: [
            "/models": #"""
            {"models": [{"name": "models/m", "inputTokenLimit": 50000, "supportedGenerationMethods": ["generateContent"]}]}
            """#
        ], messages: "contents", text: { candidate(#"{"text": \#(quoted($0))}"#) },
        call: { tool, arguments in
            // Arguments are JSON here, whatever the model means.
            let isJSON = (try? JSONParser().parse(arguments)) != nil
            return candidate(
                #"""
                {"text": "hm", "thought": true}, {"functionCall": {"name": \#(quoted(tool)), "args": \#
                \#(isJSON ? arguments : "{}")}, "thoughtSignature": "c2ln"}
                """#)
        }, nothing: candidate(""), garbage: "data: {\"candidates\": [,\n\n",
        overflow: #"""
            {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
            "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}
            """#)

    private static func line(_ message: String) -> String {
        #"{"message": {"role": "assistant", \#(message)}, "done": false}"# + "\n"
            + #"{"message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop", "#
            + #""prompt_eval_count": 900, "eval_count": 2}"# + "\n"
    }

    static let ollama = VendorFormat(
        kind: .ollama,
        listings: [
            "/api/tags": #"{"models": [{"name": "m"}]}"#,
            "/api/show": #"""
            {"model_info": {"general.architecture": "x", "x.context_length": 50000}, "capabilities": ["tools", "thinking"]}
            """#,
        ], messages: "messages", text: { line(#""content": \#(quoted($0))"#) },
        call: { tool, arguments in
            let isJSON = (try? JSONParser().parse(arguments)) != nil
            let function = #"{"name": \#(quoted(tool)), "arguments": \#(isJSON ? arguments : "{}")}"#
            return line(#""content": "", "thinking": "hm", "tool_calls": [{"id": "call_1", "function": \#(function)}]"#)
        }, nothing: line(#""content": """#), garbage: "{\"message\": [,\n",
        overflow: #"{"error": "the input length exceeds the context length"}"#)
}
