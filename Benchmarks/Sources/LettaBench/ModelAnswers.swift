/// What the fake model says, as the bytes of whole HTTP answers.
enum ModelAnswers {
    /// A model of a known name, so that the window is known.
    static let name = "gpt-4o-mini"
    /// What the agents of the benchmarks are made with.
    static let handle = "openai-proxy/\(name)"

    static let models = answer(#"{"object": "list", "data": [{"id": "\#(name)", "object": "model", "created": 0}]}"#)

    static let whole = answer(
        """
        {"id": "c", "object": "chat.completion", "created": 0, "model": "\(name)", "choices": [{"index": 0, \
        "message": {"role": "assistant", "content": "\(words.joined())"}, "finish_reason": "stop"}], \
        "usage": \(usage)}
        """)

    /// The head of a streamed answer and the first word.
    static let start = head + chunk(saying(words[0]))
    /// The other words and the end.
    static let rest = words.dropFirst().flatMap { chunk(saying($0)) } + ending
    /// Thousands of long words and the end.
    static let longRest = (0..<longCount).flatMap { _ in chunk(saying(longWord)) } + ending
    /// The tool that is called, and the whole streamed answer that calls it.
    static let tool = "add"
    static let call = head + chunk(event(choices: calling)) + ending
    /// How many bytes the long words have.
    static let longLength = longCount * longWord.utf8.count

    private static let head = Array(
        """
        HTTP/1.1 200 OK\r
        content-type: text/event-stream\r
        transfer-encoding: chunked\r
        \r\n
        """.utf8)
    private static let calling = #"""
        [{"index": 0, "finish_reason": null, "delta": {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", \#
        "function": {"name": "\#(tool)", "arguments": "{\"a\": 1, \"b\": 2}"}}]}}]
        """#
    private static let words = ["She", " likes", " engines", " that", " weave", " algebraic", " patterns", "."]
    private static let longWord = String(repeating: " patterns", count: 500)
    private static let longCount = 2000
    private static let usage = #"{"prompt_tokens": 1200, "completion_tokens": 9, "total_tokens": 1209}"#
    private static let ending =
        chunk(event(choices: #"[{"index": 0, "delta": {}, "finish_reason": "stop"}]"#))
        + chunk(event(choices: "[]", usage: usage)) + chunk("[DONE]") + Array("0\r\n\r\n".utf8)

    private static func saying(_ word: String) -> String {
        event(choices: #"[{"index": 0, "delta": {"content": "\#(word)"}, "finish_reason": null}]"#)
    }

    private static func event(choices: String, usage: String = "null") -> String {
        """
        {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "\(name)", "choices": \(choices), \
        "usage": \(usage)}
        """
    }

    /// An event of the stream in a chunk of the transfer.
    private static func chunk(_ event: String) -> [UInt8] {
        let text = "data: \(event)\n\n"
        return Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }

    private static func answer(_ body: String) -> [UInt8] {
        Array(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
                .utf8)
    }
}
