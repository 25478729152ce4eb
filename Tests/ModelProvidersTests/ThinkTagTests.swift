import JSON
import Testing

@testable import ModelProviders

/// Reasoning that a model writes between tags.
@Suite struct ThinkTagTests {
    struct Row: Sendable {
        var text: String
        var reasoning: String?
        var said: String?
    }

    static let rows = [
        Row(text: "<think>a b</think>\n\nhello", reasoning: "a b", said: "hello"),
        Row(text: "\n<think>\na\n</think>hello", reasoning: "a\n", said: "hello"),
        Row(text: "<thinking>a</thinking>hello", reasoning: "a", said: "hello"),
        Row(text: "<reasoning>a</reasoning>hello", reasoning: "a", said: "hello"),
        Row(text: "<thought>a</thought>hello", reasoning: "a", said: "hello"),
        Row(text: "◁think▷a◁/think▷hello", reasoning: "a", said: "hello"),
        Row(text: "<think></think>hello", reasoning: nil, said: "hello"),
        Row(text: "<think>never ended", reasoning: "never ended", said: nil),
        Row(text: "<think>a</think>\n", reasoning: "a", said: nil),
        Row(text: "<think>a < b </thin> c</think>hello", reasoning: "a < b </thin> c", said: "hello"),
        Row(text: "hello <think>no</think>", reasoning: nil, said: "hello <think>no</think>"),
        Row(text: "<thin ice", reasoning: nil, said: "<thin ice"),
        Row(text: "<", reasoning: nil, said: "<"),
        Row(text: " hello", reasoning: nil, said: " hello"),
        Row(text: "<think>🦉</think>🦉 <b>", reasoning: "🦉", said: "🦉 <b>"),
    ]

    private func parts(_ deltas: [ModelDelta]) -> (reasoning: String?, said: String?) {
        var accumulator = ModelDeltaAccumulator()
        for delta in deltas { accumulator.add(delta) }
        return (accumulator.answer.reasoning, accumulator.answer.text)
    }

    @Test(arguments: rows)
    func `reasoning and text are told apart, whole and cut at any character`(_ row: Row) {
        let whole = ThinkTags.split(row.text)
        #expect(whole.reasoning == row.reasoning && whole.text == row.said)
        for cut in row.text.indices {
            var tags = ThinkTags()
            let deltas = tags.feed(String(row.text[..<cut])) + tags.feed(String(row.text[cut...])) + tags.end()
            let (reasoning, said) = parts(deltas)
            #expect((reasoning ?? "") == (row.reasoning ?? "") && (said ?? "") == (row.said ?? ""), "cut at \(cut)")
        }
        var tags = ThinkTags()
        let (reasoning, said) = parts(row.text.flatMap { tags.feed(String($0)) } + tags.end())
        #expect((reasoning ?? "") == (row.reasoning ?? "") && (said ?? "") == (row.said ?? ""))
    }

    @Test func `a stream of chat completions has them`() throws {
        var decoder = OpenAIChunkDecoder()
        var deltas: [ModelDelta] = []
        for piece in ["<th", "ink>let", " me</thi", "nk>\\n", "\\nhello"] {
            deltas += try decoder.decode(
                try JSONParser().parse(#"{"choices": [{"index": 0, "delta": {"content": "\#(piece)"}}]}"#))
        }
        deltas += decoder.end()
        let (reasoning, said) = parts(deltas)
        #expect(reasoning == "let me" && said == "hello")
        #expect(deltas.last == .finish(.stop))
    }
}
