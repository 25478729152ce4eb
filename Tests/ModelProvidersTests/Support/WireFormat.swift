import EventStreams
import JSON
import TestSupport
import Testing

@testable import ModelProviders

/// One wire format with an answer in it, whole and in pieces.
struct WireFormat: Sendable, CustomTestStringConvertible {
    var kind: ProviderKind
    /// A streamed answer with reasoning, text, and calls of tools, each event with its end.
    var events: [String]
    var deltas: [ModelDelta]
    /// The deltas of bytes that arrive in these pieces.
    var decode: @Sendable ([ArraySlice<UInt8>]) throws -> [ModelDelta]
    /// The same answer in one piece.
    var document: String
    var model: String
    /// Of a streamed request.
    var path: String
    /// A piece with the text `a`, and what follows it as garbage, as an error, and as the end.
    var text: String
    var garbage: String
    var error: String
    /// The body of an overflow with status 400.
    var overflow: String
    /// The header of the key, and its value.
    var authorization: (name: String, value: String)

    var whole: String { events.joined() }
    var testDescription: String { kind.rawValue }

    var request: ModelRequest { ModelRequest(model: model, messages: [.user([.text("hi")])]) }

    static let all = [google, responses, ollama]

    private static func decoder<Decoder: DeltaDecoder>(
        _ type: Decoder.Type
    ) -> @Sendable ([ArraySlice<UInt8>]) throws -> [ModelDelta] {
        { pieces in
            var framing = EventFraming(Decoder.framing)
            var decoder = Decoder()
            var deltas: [ModelDelta] = []
            for piece in pieces {
                for event in try piece.withUnsafeBytes({ try framing.feed($0) }) where !event.data.isEmpty {
                    deltas += try decoder.decode(event)
                }
            }
            return deltas
        }
    }

    // MARK: Google

    private static func candidate(_ parts: String, _ rest: String = "") -> String {
        #"data: {"candidates": [{"content": {"parts": [\#(parts)], "role": "model"}\#(rest)"# + "}\n\n"
    }

    private static let googleParts = [
        #"{"text": "let me", "thought": true}"#, #"{"text": "héllo "}"#,
        #"{"text": "🦉", "thoughtSignature": "dHh0"}"#,
        #"{"functionCall": {"id": "a", "name": "add", "args": {"x": 1}}, "thoughtSignature": "c2ln"}"#,
        #"{"functionCall": {"id": "b", "name": "now"}}"#,
    ]
    private static let googleEnd = #"""
        , "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 2, \#
        "thoughtsTokenCount": 3, "totalTokenCount": 12, "cachedContentTokenCount": 4}
        """#

    static let google = WireFormat(
        kind: .google,
        events: googleParts.dropLast().map { candidate($0, "}]") } + [candidate(googleParts[4], googleEnd)],
        deltas: [
            .reasoning("let me"), .text("héllo "), .text("🦉"),
            .toolCall(.init(index: 0, id: "a", name: "add", argumentsFragment: #"{"x":1}"#)),
            .toolCall(.init(index: 1, id: "b", name: "now", argumentsFragment: "{}")),
            .reasoningSignature(#"google:{"text":"dHh0","calls":["c2ln",null]}"#), .finish(.toolCalls),
            .usage(
                ModelUsage(
                    promptTokens: 7, completionTokens: 5, totalTokens: 12, cachedPromptTokens: 4, reasoningTokens: 3)),
        ],
        decode: decoder(GoogleEventDecoder.self),
        document: String(candidate(googleParts.joined(separator: ","), googleEnd).dropFirst("data: ".count)),
        model: "gemini-2.5-flash", path: "/v1/models/gemini-2.5-flash:streamGenerateContent",
        text: candidate(#"{"text": "a"}"#, "}]"), garbage: "data: {\"candidates\": [,\n\n",
        error: #"data: {"error": {"code": 503, "message": "words", "status": "UNAVAILABLE"}}"# + "\n\n",
        overflow: #"""
            {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
            "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}
            """#, authorization: ("x-goog-api-key", "sk-test-key"))

    // MARK: Responses

    private static func event(_ type: String, _ fields: String) -> String {
        "event: response.\(type)\ndata: {\"type\": \"response.\(type)\"\(fields)}\n\n"
    }

    private static let reasoningItem = #"""
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "let me"}], \#
        "encrypted_content": "ZW5j"}
        """#
    private static let responsesUsage = #"""
        "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12, "input_tokens_details": \#
        {"cached_tokens": 4}, "output_tokens_details": {"reasoning_tokens": 3}}
        """#

    private static func call(_ id: String, _ name: String, _ arguments: String) -> String {
        #"{"type": "function_call", "id": "fc", "call_id": "\#(id)", "name": "\#(name)", "arguments": "\#(arguments)"}"#
    }

    static let responses = WireFormat(
        kind: .responses,
        events: [
            event("created", #", "response": {"id": "r"}"#),
            event("output_item.added", #", "output_index": 0, "item": {"type": "reasoning", "summary": []}"#),
            event("reasoning_summary_part.added", #", "output_index": 0"#),
            event("reasoning_summary_text.delta", #", "output_index": 0, "delta": "let me""#),
            event("output_item.done", #", "output_index": 0, "item": \#(reasoningItem)"#),
            event("output_item.added", #", "output_index": 1, "item": {"type": "message", "content": []}"#),
            event("output_text.delta", #", "output_index": 1, "delta": "héllo ""#),
            event("output_text.delta", #", "output_index": 1, "delta": "🦉""#),
            event("output_item.added", #", "output_index": 2, "item": \#(call("a", "add", ""))"#),
            event("function_call_arguments.delta", #", "output_index": 2, "delta": "{\"x\": 1}""#),
            event("output_item.done", #", "output_index": 2, "item": \#(call("a", "add", #"{\"x\": 1}"#))"#),
            event("something_new", #", "output_index": 2"#),
            event("output_item.added", #", "output_index": 3, "item": \#(call("b", "now", ""))"#),
            event("output_item.done", #", "output_index": 3, "item": \#(call("b", "now", "{}"))"#),
            event("completed", #", "response": {"status": "completed", \#(responsesUsage)}"#),
        ],
        deltas: [
            .reasoning("let me"), .text("héllo "), .text("🦉"), .toolCall(.init(index: 0, id: "a", name: "add")),
            .toolCall(.init(index: 0, argumentsFragment: #"{"x": 1}"#)),
            .toolCall(.init(index: 1, id: "b", name: "now")), .toolCall(.init(index: 1, argumentsFragment: "{}")),
            .reasoningSignature(
                #"openai:[{"type":"reasoning","summary":[{"type":"summary_text","text":"let me"}],"id":"rs_1","#
                    + #""encrypted_content":"ZW5j"}]"#), .finish(.toolCalls),
            .usage(
                ModelUsage(
                    promptTokens: 7, completionTokens: 5, totalTokens: 12, cachedPromptTokens: 4, reasoningTokens: 3)),
        ],
        decode: decoder(OpenAIEventDecoder.self),
        document: #"""
            {"object": "response", "status": "completed", "output": [\#(reasoningItem),
            {"type": "message", "content": [{"type": "output_text", "text": "héllo 🦉"}]},
            \#(call("a", "add", #"{\"x\": 1}"#)), \#(call("b", "now", "{}"))], \#(responsesUsage)}
            """#,
        model: "gpt-5-mini", path: "/v1/responses", text: event("output_text.delta", #", "delta": "a""#),
        garbage: "event: response.output_text.delta\ndata: {\"delta\": [,\n\n",
        error:
            "event: error\ndata: {\"type\": \"error\", \"code\": \"server_is_overloaded\", \"message\": \"words\"}\n\n",
        overflow: #"""
            {"error": {"message": "Your input exceeds the window of this model.", "type": "invalid_request_error",
            "param": "input", "code": "context_length_exceeded"}}
            """#, authorization: ("authorization", "Bearer sk-test-key"))

    // MARK: Ollama

    private static func line(_ message: String, _ rest: String = #""done": false"#) -> String {
        #"{"model": "m", "message": {"role": "assistant", \#(message)}, \#(rest)}"# + "\n"
    }

    private static let ollamaCalls = #"""
        "tool_calls": [{"id": "a", "function": {"name": "add", "arguments": {"x": 1}}}, \#
        {"id": "b", "function": {"name": "now", "arguments": {}}}]
        """#
    private static let ollamaEnd = #""done": true, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5"#

    static let ollama = WireFormat(
        kind: .ollama,
        events: [
            line(#""content": "", "thinking": "let me""#), line(#""content": "héllo ""#), line(#""content": "🦉""#),
            line(#""content": "", \#(ollamaCalls)"#), line(#""content": """#, ollamaEnd),
        ],
        deltas: [
            .reasoning("let me"), .text("héllo "), .text("🦉"),
            .toolCall(.init(index: 0, id: "a", name: "add", argumentsFragment: #"{"x":1}"#)),
            .toolCall(.init(index: 1, id: "b", name: "now", argumentsFragment: "{}")), .finish(.toolCalls),
            .usage(ModelUsage(promptTokens: 7, completionTokens: 5)),
        ],
        decode: decoder(OllamaLineDecoder.self),
        document: line(#""content": "héllo 🦉", "thinking": "let me", \#(ollamaCalls)"#, ollamaEnd), model: "qwen3:8b",
        path: "/api/chat", text: line(#""content": "a""#), garbage: "{\"message\": [,\n",
        error: #"{"error": "words"}"# + "\n",
        overflow: #"{"error": "the input length exceeds the context length"}"#,
        authorization: ("authorization", "Bearer sk-test-key"))
}
