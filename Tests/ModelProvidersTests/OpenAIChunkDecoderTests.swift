import JSON
import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(2))) struct OpenAIChunkDecoderTests {
    /// What a stream of these deltas amounts to.
    private func answer(_ deltas: [String]) throws -> ModelAnswer {
        var decoder = OpenAIChunkDecoder()
        var accumulator = ModelDeltaAccumulator()
        for delta in deltas {
            let chunk = try JSONParser().parse(#"{"choices": [{"index": 0, "delta": \#(delta)}]}"#)
            for delta in try decoder.decode(chunk) { accumulator.add(delta) }
        }
        for delta in decoder.end() { accumulator.add(delta) }
        return accumulator.answer
    }

    private func calls(_ pieces: String...) throws -> [ModelToolCall] {
        try answer(pieces.map { #"{"tool_calls": [\#($0)]}"# }).toolCalls
    }

    private let expected = [
        ModelToolCall(id: "a", name: "add", arguments: #"{"x":1}"#),
        ModelToolCall(id: "b", name: "sub", arguments: #"{"y":2}"#),
    ]

    @Test func callsComeInPiecesEvenInterleaved() throws {
        let calls = try calls(
            #"{"index": 0, "id": "a", "type": "function", "function": {"name": "add", "arguments": ""}}"#,
            #"{"index": 0, "function": {"arguments": "{\"x\""}}"#,
            #"{"index": 1, "id": "b", "function": {"name": "sub", "arguments": "{\"y\""}}"#,
            #"{"index": 0, "function": {"arguments": ":1}"}}, {"index": 1, "function": {"arguments": ":2}"}}"#)
        #expect(calls == expected)
    }

    @Test func severalCallsWithTheSameIndexAreToldApartByTheirIDs() throws {
        let calls = try calls(
            #"{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{\"x\":1}"}}"#,
            #"{"index": 0, "id": "b", "function": {"name": "sub", "arguments": "{\"y\":"}}"#,
            #"{"index": 0, "function": {"arguments": "2}"}}"#)
        #expect(calls == expected)
    }

    @Test func idAndNameMayBeRepeatedAndTheIDMayEvenChange() throws {
        #expect(
            try calls(
                #"{"index": 0, "id": "a", "function": {"name": "add", "arguments": "{\"x\""}}"#,
                #"{"index": 0, "id": "a", "function": {"name": "add", "arguments": ":1}"}}"#,
                #"{"index": 1, "id": "b", "function": {"name": "sub", "arguments": "{\"y\""}}"#,
                #"{"index": 1, "id": "c", "function": {"arguments": ":2}"}}"#) == expected)
    }

    @Test func callsWithoutIndexOrIDAreTakenInOrder() throws {
        let calls = try calls(
            #"{"function": {"name": "add", "arguments": "{\"x\":"}}"#, #"{"function": {"arguments": "1}"}}"#,
            #"{"function": {"name": "sub", "arguments": {"y": 2}}}"#)
        #expect(calls.map(\.name) == ["add", "sub"])
        #expect(calls.map(\.arguments) == [#"{"x":1}"#, #"{"y":2}"#])
        #expect(Set(calls.map(\.id)).count == 2 && calls.allSatisfy { $0.id.hasPrefix("call_") })
    }

    @Test func aPieceOfNoCallIsDropped() throws {
        #expect(try calls(#"{"index": 3, "function": {"arguments": "x"}}"#, "null", "5").isEmpty)
    }

    @Test func textAndReasoningAreReadFromEveryKnownField() throws {
        let answer = try answer([
            #"{"role": "assistant", "content": ""}"#, #"{"reasoning_content": "th"}"#, #"{"reasoning": "ink"}"#,
            #"{"content": "a", "reasoning_content": null}"#, #"{"content": [{"type": "text", "text": "b"}]}"#,
            #"{"refusal": "c"}"#, "{}", "null",
        ])
        #expect(answer.text == "abc")
        #expect(answer.reasoning == "think")
        #expect(answer.finishReason == .stop)
    }

    @Test func theReasonToStopIsGivenOnce() throws {
        var decoder = OpenAIChunkDecoder()
        let chunk = try JSONParser().parse(#"{"choices": [{"delta": {}, "finish_reason": "length"}]}"#)
        #expect(try decoder.decode(chunk) == [.finish(.length)])
        #expect(try decoder.decode(chunk).isEmpty)
        #expect(decoder.end().isEmpty)
    }

    @Test(arguments: [
        (#"{"error": {"message": "no", "code": 503}}"#, ProviderFailure.Kind.overloaded),
        (#"{"error": {"message": "no"}}"#, .server),
        (#"{"error": "the request exceeds the available context size"}"#, .contextWindowExceeded),
        (
            #"{"error": {"code": 500, "message": "output does not match the expected peg-native format"}}"#,
            .invalidAnswer
        ),
        ("5", .invalidAnswer), ("[]", .invalidAnswer),
    ])
    func anErrorInTheStreamIsAFailure(chunk: String, kind: ProviderFailure.Kind) throws {
        var decoder = OpenAIChunkDecoder()
        let chunk = try JSONParser().parse(chunk)
        let failure = #expect(throws: ProviderFailure.self) { try decoder.decode(chunk) }
        #expect(failure?.kind == kind)
    }
}
