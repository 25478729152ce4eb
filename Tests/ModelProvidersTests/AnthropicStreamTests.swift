import EventStreams
import JSON
import TestSupport
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(2))) struct AnthropicStreamTests {
    private static func event(_ type: String, _ fields: String = "") -> String {
        "event: \(type)\ndata: {\"type\": \"\(type)\"\(fields)}\n\n"
    }

    private static func start(_ index: Int, _ block: String) -> String {
        event("content_block_start", #", "index": \#(index), "content_block": \#(block)"#)
    }

    private static func delta(_ index: Int, _ delta: String) -> String {
        event("content_block_delta", #", "index": \#(index), "delta": \#(delta)"#)
    }

    private static func stop(_ index: Int) -> String { event("content_block_stop", #", "index": \#(index)"#) }

    private static let begin = event(
        "message_start",
        #", "message": {"usage": {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 4}}"#)

    private static func end(_ reason: String) -> String {
        event("message_delta", #", "delta": {"stop_reason": "\#(reason)"}, "usage": {"output_tokens": 2}"#)
            + event("message_stop")
    }

    private static let whole = [
        begin, event("ping"),
        start(0, #"{"type": "thinking", "thinking": "", "signature": ""}"#),
        delta(0, #"{"type": "thinking_delta", "thinking": "let me"}"#),
        delta(0, #"{"type": "signature_delta", "signature": "c2"}"#),
        delta(0, #"{"type": "signature_delta", "signature": "ln"}"#), stop(0),
        start(1, #"{"type": "text", "text": ""}"#), delta(1, #"{"type": "text_delta", "text": "héllo "}"#),
        delta(1, #"{"type": "text_delta", "text": "🦉"}"#), stop(1), event("something_new"),
        start(2, #"{"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}"#),
        delta(2, #"{"type": "input_json_delta", "partial_json": ""}"#),
        delta(2, #"{"type": "input_json_delta", "partial_json": "{\"x\": 1}"}"#), stop(2),
        start(3, #"{"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}"#), stop(3),
        end("tool_use"),
    ].joined()

    private static let deltas: [ModelDelta] = [
        .reasoning("let me"), .text("héllo "), .text("🦉"), .toolCall(.init(index: 0, id: "toolu_1", name: "add")),
        .toolCall(.init(index: 0, argumentsFragment: #"{"x": 1}"#)),
        .toolCall(.init(index: 1, id: "toolu_2", name: "now")), .toolCall(.init(index: 1, argumentsFragment: "{}")),
        .reasoningSignature("c2ln"), .finish(.toolCalls),
        .usage(ModelUsage(promptTokens: 7, completionTokens: 2, cachedPromptTokens: 4)),
    ]

    private func run(_ provider: AnthropicProvider) async -> ([ModelDelta], ProviderFailure?) {
        var deltas: [ModelDelta] = []
        do {
            for try await delta in provider.stream(AnthropicProviderTests.request) { deltas.append(delta) }
            return (deltas, nil)
        } catch {
            return (deltas, error)
        }
    }

    /// The deltas of a stream that arrives in these pieces.
    private func decode(_ pieces: [ArraySlice<UInt8>]) throws -> [ModelDelta] {
        var parser = ServerSentEventParser(limit: 1_000_000)
        var decoder = AnthropicEventDecoder()
        var deltas: [ModelDelta] = []
        for piece in pieces {
            for event in try piece.withUnsafeBytes({ try parser.feed($0) }) { deltas += try decoder.decode(event) }
        }
        #expect(decoder.isDone)
        return deltas
    }

    @Test func `the deltas of a stream come in order and add up to an answer`() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.whole))) { fake in
            let (deltas, failure) = await run(fake.anthropic())
            #expect(deltas == Self.deltas)
            #expect(failure == nil)
            #expect(fake.received.first?.body["stream"] == true)
        }
        var accumulator = ModelDeltaAccumulator()
        for delta in Self.deltas { accumulator.add(delta) }
        #expect(accumulator.answer.reasoning == "let me")
        #expect(accumulator.answer.reasoningSignature == "c2ln")
        #expect(accumulator.answer.toolCalls.map(\.arguments) == [#"{"x": 1}"#, "{}"])
    }

    @Test func `a stream that arrives in two pieces, split at any byte, is the same`() throws {
        let bytes = Array(Self.whole.utf8)
        for split in bytes.indices {
            #expect(try decode([bytes[..<split], bytes[split...]]) == Self.deltas, "split at \(split)")
        }
    }

    @Test func `a stream cut at any event gives what came and says so`() async throws {
        let events = Self.whole.split(separator: "\n\n", omittingEmptySubsequences: true).map { "\($0)\n\n" }
        for count in events.indices {
            let prefix = events[..<count].joined()
            try await FakeOpenAI.serving(.events(.bytes(prefix), .cut)) { fake in
                let (deltas, failure) = await run(fake.anthropic(maximumRetries: 0))
                #expect(Self.deltas.starts(with: deltas))
                // Only `message_stop` is missing after the last but one.
                #expect(failure?.kind == (count < events.count - 1 ? .cut : nil), "after \(count) events")
            }
        }
    }

    @Test func `reasoning in several blocks is kept as they came`() throws {
        let block = { (index: Int, text: String) in
            Self.start(index, #"{"type": "thinking"}"#)
                + Self.delta(index, #"{"type": "thinking_delta", "thinking": "\#(text)"}"#)
                + Self.delta(index, #"{"type": "signature_delta", "signature": "s"}"#) + Self.stop(index)
        }
        let stream = Self.begin + block(0, "a") + block(1, "b") + Self.end("end_turn")
        let deltas = try decode([Array(stream.utf8)[...]])
        #expect(deltas.prefix(3) == [.reasoning("a"), .reasoning("\n\n"), .reasoning("b")])
        let kept =
            #"anthropic:[{"type":"thinking","thinking":"a","signature":"s"},{"type":"thinking","thinking":"b","signature":"s"}]"#
        #expect(deltas[3] == .reasoningSignature(kept) && deltas[4] == .finish(.stop))
    }

    @Test(arguments: [
        ("overloaded_error", ProviderFailure.Kind.overloaded), ("rate_limit_error", .rateLimited),
        ("api_error", .server), ("invalid_request_error", .badRequest), ("unheard_of", .server),
    ])
    func `an error event ends the stream after what came before`(type: String, kind: ProviderFailure.Kind) async throws
    {
        let text = Self.delta(0, #"{"type": "text_delta", "text": "a"}"#)
        let error = Self.event("error", #", "error": {"type": "\#(type)", "message": "words"}"#)
        try await FakeOpenAI.serving(.events(.bytes(Self.begin + text + error + text))) { fake in
            let (deltas, failure) = await run(fake.anthropic())
            #expect(deltas == [.text("a")])
            #expect(failure?.kind == kind && failure?.message == "words")
            #expect(fake.received.count == 1)
        }
    }

    @Test func `an error as the first event is retried like a status`() async throws {
        let error = Self.event("error", #", "error": {"type": "overloaded_error", "message": "Overloaded"}"#)
        try await FakeOpenAI.serving(.events(.bytes(Self.begin + error)), .events(.bytes(Self.whole))) { fake in
            #expect(await run(fake.anthropic()).0 == Self.deltas)
            #expect(fake.received.count == 2)
        }
    }
}
