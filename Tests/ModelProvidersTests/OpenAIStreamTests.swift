import JSON
import ModelProviders
import Testing

@Suite(.timeLimit(.minutes(2))) struct OpenAIStreamTests {
    private static let request = OpenAIProviderTests.request

    private static func chunk(_ delta: String, finish: String = "null") -> String {
        #"data: {"choices": [{"index": 0, "delta": \#(delta), "finish_reason": \#(finish)}]}"# + "\n\n"
    }

    private static let whole = [
        chunk(#"{"role": "assistant", "content": ""}"#), chunk(#"{"reasoning_content": "let me"}"#),
        ": a comment\r\n\r\n", chunk(#"{"content": "héllo "}"#), chunk(#"{"content": "🦉"}"#),
        chunk(#"{"tool_calls": [{"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}]}"#),
        chunk(#"{"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\": 1}"}}]}"#),
        chunk("{}", finish: #""tool_calls""#),
        #"data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}"# + "\n\n", "data: [DONE]\n\n",
    ].joined()

    private static let deltas: [ModelDelta] = [
        .reasoning("let me"), .text("héllo "), .text("🦉"), .toolCall(.init(index: 0, id: "a", name: "add")),
        .toolCall(.init(index: 0, argumentsFragment: #"{"x": 1}"#)), .finish(.toolCalls),
        .usage(ModelUsage(promptTokens: 3, completionTokens: 2)),
    ]

    /// What a stream gave before it ended, and why it ended if not well.
    private func run(_ provider: OpenAIProvider) async -> ([ModelDelta], ProviderFailure?) {
        var deltas: [ModelDelta] = []
        do {
            for try await delta in provider.stream(Self.request) { deltas.append(delta) }
            return (deltas, nil)
        } catch {
            return (deltas, error)
        }
    }

    @Test func theDeltasOfAStreamComeInOrder() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.whole))) { fake in
            let (deltas, failure) = await run(fake.provider())
            #expect(deltas == Self.deltas)
            #expect(failure == nil)
            #expect(fake.received.first?.body["stream"] == true)
            #expect(fake.received.first?.body["stream_options"] == ["include_usage": true])
        }
    }

    @Test func theDeltasAddUpToAnAnswer() {
        var accumulator = ModelDeltaAccumulator()
        #expect(accumulator.finishReason == nil)
        for delta in Self.deltas { accumulator.add(delta) }
        #expect(
            accumulator.answer
                == ModelAnswer(
                    text: "héllo 🦉", reasoning: "let me",
                    toolCalls: [ModelToolCall(id: "a", name: "add", arguments: #"{"x": 1}"#)],
                    finishReason: .toolCalls, usage: ModelUsage(promptTokens: 3, completionTokens: 2)))
    }

    @Test func aStreamCutAtAnyByteGivesWhatCameAndSaysThatItWasCut() async throws {
        let bytes = Array(Self.whole.utf8)
        let finish = try #require(Self.whole.utf8.firstRange(of: Array(#""finish_reason": "tool_calls"}]}"#.utf8)))
        let finished = Self.whole.utf8.distance(from: Self.whole.startIndex, to: finish.upperBound) + 2
        // A prefix that ends inside a character cannot be a String, so those ends are left to the parser's own test.
        let prefixes = bytes.indices.compactMap { count in
            String(validating: bytes[..<count], as: UTF8.self).map { (count, $0) }
        }
        for (count, prefix) in prefixes {
            try await FakeOpenAI.serving(.events(.bytes(prefix), .cut)) { fake in
                let (deltas, failure) = await run(fake.provider(maximumRetries: 0))
                #expect(Self.deltas.starts(with: deltas))
                #expect(failure?.kind == (count < finished ? .cut : nil), "after \(count) bytes")
            }
        }
    }

    @Test func aStreamThatIsCutBeforeTheFirstDeltaIsRepeated() async throws {
        let start = Self.chunk(#"{"role": "assistant", "content": ""}"#)
        try await FakeOpenAI.serving(
            .events(.bytes(start), .cut), .events(.bytes(start)), .events(.bytes(Self.whole))
        ) { fake in
            let (deltas, failure) = await run(fake.provider())
            #expect(deltas == Self.deltas)
            #expect(failure == nil)
            #expect(fake.received.count == 3)
        }
    }

    @Test func aStreamThatIsCutAfterADeltaIsNotRepeated() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk(#"{"content": "a"}"#)), .cut)) { fake in
            let (deltas, failure) = await run(fake.provider())
            #expect(deltas == [.text("a")])
            #expect(failure?.kind == .cut)
            #expect(fake.received.count == 1)
        }
    }

    @Test(arguments: [
        ("data: {\"choices\": [,\n\n", ProviderFailure.Kind.invalidAnswer), ("data: 5\n\n", .invalidAnswer),
        ("data: {\"error\": {\"code\": 503, \"message\": \"busy\"}}\n\n", .overloaded),
        ("event: error\ndata: {\"message\": \"lost\"}\n\n", .server),
    ])
    func aBadEventEndsTheStreamAfterWhatCameBefore(event: String, kind: ProviderFailure.Kind) async throws {
        let start = Self.chunk(#"{"content": "a"}"#)
        try await FakeOpenAI.serving(.events(.bytes(start + event + start))) { fake in
            let (deltas, failure) = await run(fake.provider())
            #expect(deltas == [.text("a")])
            #expect(failure?.kind == kind)
            #expect(fake.received.count == 1)
        }
    }

    @Test func anErrorAsTheFirstEventIsRepeatedLikeAStatus() async throws {
        let error = "data: {\"error\": {\"code\": 500, \"message\": \"slot lost\"}}\n\n"
        try await FakeOpenAI.serving(.events(.bytes(error)), .events(.bytes(Self.whole))) { fake in
            #expect(await run(fake.provider()).0 == Self.deltas)
            #expect(fake.received.count == 2)
        }
    }

    @Test func aServerThatDoesNotBeginInTwoMinutesIsGivenUp() async throws {
        try await FakeOpenAI.serving(.events(.hang)) { fake in
            let clock = ManualClock()
            let provider = fake.provider(clock: clock)
            async let outcome = run(provider)
            for await _ in fake.silences { break }
            clock.advance(by: .seconds(120))
            #expect(await outcome.1?.kind == .timeout)
            for await _ in fake.departures { break }
            #expect(fake.received.count == 1)
        }
    }

    @Test func aServerThatFallsSilentForTwoMinutesIsGivenUp() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk(#"{"content": "a"}"#)), .hang)) { fake in
            let clock = ManualClock()
            let provider = fake.provider(clock: clock)
            let (seen, reader) = AsyncStream<ModelDelta>.makeStream()
            let call = Task {
                for try await delta in provider.stream(Self.request) { reader.yield(delta) }
            }
            for await delta in seen {
                #expect(delta == .text("a"))
                break
            }
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(120))
            let failure = await #expect(throws: ProviderFailure.self) { try await call.value }
            #expect(failure?.kind == .timeout)
            for await _ in fake.departures { break }
        }
    }

    @Test func droppingTheIteratorClosesTheConnection() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk(#"{"content": "a"}"#)), .hang)) { fake in
            for try await _ in fake.provider().stream(Self.request) { break }
            for await _ in fake.departures { break }
        }
    }

    @Test func cancellingClosesTheConnection() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk(#"{"content": "a"}"#)), .hang)) { fake in
            let provider = fake.provider()
            let (seen, reader) = AsyncStream<ModelDelta>.makeStream()
            let call = Task {
                for try await delta in provider.stream(Self.request) { reader.yield(delta) }
            }
            for await _ in seen { break }
            call.cancel()
            let failure = await #expect(throws: ProviderFailure.self) { try await call.value }
            #expect(failure?.kind == .cancelled)
            for await _ in fake.departures { break }
        }
    }

    @Test func hundredsOfStreamsAreOpenAtOnce() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk(#"{"content": "a"}"#)), .hang)) { fake in
            let provider = fake.provider()
            let calls = Task {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<300 { group.addTask { _ = await run(provider) } }
                }
            }
            var open = 0
            for await _ in fake.silences {
                open += 1
                if open == 300 { break }
            }
            calls.cancel()
            await calls.value
        }
    }

    @Test func nothingIsSentBeforeTheFirstPull() async throws {
        try await FakeOpenAI.serving(.events(.bytes(Self.whole))) { fake in
            let stream = fake.provider().stream(Self.request)
            #expect(fake.received.isEmpty)
            for try await _ in stream { break }
            #expect(fake.received.count == 1)
        }
    }

    @Test func aLongAnswerArrivesWhole() async throws {
        let piece = String(repeating: "x", count: 64 * 1_024)
        let parts = Array(repeating: FakeOpenAI.Part.bytes(Self.chunk(#"{"content": "\#(piece)"}"#)), count: 160)
        let reply = FakeOpenAI.Reply(parts: parts + [.bytes("data: [DONE]\n\n")])
        try await FakeOpenAI.serving(reply) { fake in
            let (deltas, failure) = await run(fake.provider())
            #expect(failure == nil)
            #expect(deltas.dropLast() == Array(repeating: .text(piece), count: 160)[...])
            #expect(deltas.last == .finish(.stop))
        }
    }

    @Test func aLineWithoutEndIsRefused() async throws {
        let line = "data: " + String(repeating: "x", count: 10 * 1_024 * 1_024)
        try await FakeOpenAI.serving(.events(.bytes(line), .hang)) { fake in
            #expect(await run(fake.provider()).1?.kind == .invalidAnswer)
        }
    }

    @Test func aSlowReaderSlowsTheProvider() async throws {
        let piece = Self.chunk(#"{"content": "\#(String(repeating: "x", count: 256 * 1_024))"}"#)
        let reply = FakeOpenAI.Reply(parts: Array(repeating: .bytes(piece), count: 640))
        try await FakeOpenAI.serving(reply) { fake in
            var bytesRead = 0
            for try await _ in fake.provider().stream(Self.request) {
                bytesRead += piece.utf8.count
                guard bytesRead < 100 * piece.utf8.count else { break }
                for _ in 0..<100 { await Task.yield() }
                // What is under way fills the buffers of the two sockets, 36 MB on Linux, and is not all the 160 MB.
                #expect(fake.bytesWritten - bytesRead < 64 * 1_024 * 1_024)
            }
        }
    }
}
