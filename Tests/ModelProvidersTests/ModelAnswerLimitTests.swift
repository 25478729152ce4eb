import JSON
import TestSupport
import Testing

@testable import ModelProviders

/// A model that does not stop.
@Suite(.timeLimit(.minutes(2))) struct ModelAnswerLimitTests {
    @Test func `text and reasoning share a limit and are cut between characters`() {
        var answer = ModelDeltaAccumulator()
        let half = String(repeating: "r", count: ModelAnswerLimits.content - 6)
        #expect(answer.add(.reasoning(half)) == .reasoning(half))
        #expect(answer.add(.text("äöüß")) == .text("äöü"))
        #expect(answer.isFull)
        #expect(answer.add(.text("more")) == nil)
        #expect(answer.add(.finish(.stop)) == nil)
        #expect(answer.answer.text == "äöü" && answer.answer.finishReason == .limit)
        var even = ModelDeltaAccumulator()
        even.add(.text(String(repeating: "t", count: ModelAnswerLimits.content)))
        #expect(!even.isFull)
        even.add(.text("🦉"))
        #expect(even.isFull && even.answer.text?.utf8.count == ModelAnswerLimits.content)
    }

    @Test func `arguments of a call and calls are limited`() {
        var long = ModelDeltaAccumulator()
        long.add(.toolCall(.init(index: 0, id: "a", name: "t", argumentsFragment: "{")))
        let fragment = String(repeating: "x", count: ModelAnswerLimits.arguments)
        long.add(.toolCall(.init(index: 0, argumentsFragment: fragment)))
        #expect(long.isFull && long.answer.toolCalls[0].arguments.utf8.count == ModelAnswerLimits.arguments)
        var many = ModelDeltaAccumulator()
        for index in 0...ModelAnswerLimits.toolCalls {
            #expect(!many.isFull)
            many.add(.toolCall(.init(index: index, id: "\(index)", name: "t")))
        }
        #expect(many.isFull && many.answer.toolCalls.count == ModelAnswerLimits.toolCalls)
    }

    private static func chunk(_ text: String) -> String {
        #"data: {"choices": [{"index": 0, "delta": {"content": "\#(text)"}}]}"# + "\n\n"
    }

    private func deltas(
        _ provider: OpenAIProvider, onDelta: @Sendable () -> Void = {}
    ) async throws -> [ModelDelta] {
        var deltas: [ModelDelta] = []
        for try await delta in provider.stream(OpenAIProviderTests.request) {
            deltas.append(delta)
            onDelta()
        }
        return deltas
    }

    private func failure(_ provider: OpenAIProvider) async -> ProviderFailure? {
        do {
            for try await _ in provider.stream(OpenAIProviderTests.request) {}
            return nil
        } catch {
            return error
        }
    }

    @Test func `an event without an end ends the answer and keeps what came before`() async throws {
        let endless = FakeOpenAI.Part.bytes("data: " + String(repeating: "x", count: ModelAnswerLimits.event))
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk("kept")), endless, .hang)) { fake in
            let kept = try await deltas(fake.provider())
            #expect(kept == [.text("kept"), .finish(.limit)])
        }
        try await FakeOpenAI.serving(.events(endless, .hang)) { fake in
            #expect(await failure(fake.provider())?.kind == .invalidAnswer)
        }
    }

    @Test func `comments without an end end the answer`() async throws {
        let comment = FakeOpenAI.Part.bytes(": " + String(repeating: "c", count: 1 << 20) + "\n")
        let parts = [.bytes(Self.chunk("kept"))] + Array(repeating: comment, count: ModelAnswerLimits.stream >> 20)
        try await FakeOpenAI.serving(.events(parts + [.hang])) { fake in
            let kept = try await deltas(fake.provider())
            #expect(kept == [.text("kept"), .finish(.limit)])
        }
    }

    @Test func `a stream has a deadline beside the one between its pieces`() async throws {
        let clock = ManualClock()
        let deadlines = ProviderDeadlines(
            firstByte: .seconds(7_200), betweenBytes: .seconds(7_200), stream: .seconds(1_800))
        try await FakeOpenAI.serving(.events(.bytes(Self.chunk("kept")), .hang), .events(.hang)) { fake in
            let provider = fake.provider(deadlines: deadlines, clock: clock)
            let (arrivals, arrival) = AsyncStream<Void>.makeStream()
            async let reading = deltas(provider) { arrival.yield() }
            for await _ in fake.silences { break }
            for await _ in arrivals { break }
            clock.advance(by: .seconds(1_800))
            let kept = try await reading
            #expect(kept == [.text("kept"), .finish(.limit)])
            async let nothing = failure(provider)
            for await _ in fake.silences { break }
            await clock.waitForSleeper(dueWithin: .seconds(1_800))
            clock.advance(by: .seconds(1_800))
            #expect(await nothing?.kind == .timeout)
        }
    }

    @Test func `one event with very many calls costs little`() async throws {
        let calls = (0..<100_000).map { #"{"index":\#($0),"id":"c\#($0)","function":{"name":"t","arguments":""}}"# }
        let event = #"{"choices":[{"delta":{"tool_calls":[\#(calls.joined(separator: ","))]}}]}"#
        var decoder = OpenAIChunkDecoder()
        let deltas = try decoder.decode(try JSONParser().parse(event))
        #expect(deltas.count == ModelAnswerLimits.toolCalls + 1)
    }
}
