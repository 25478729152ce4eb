import Testing

@testable import AgentEngine

/// How texts become passages.
@Suite struct TextChunksTests {
    /// 16 tokens of 4 bytes.
    private static let smallest = 64

    private func chunks(_ text: String, size: Int = 16) -> [TextChunk] {
        let chunks = TextChunks.chunks(of: text, size: size)
        let bytes = Array(text.utf8)
        var end = 0
        for chunk in chunks {
            #expect(chunk.text.utf8.elementsEqual(bytes[chunk.start..<chunk.end]))
            #expect(chunk.text.utf8.count <= size * 4)
            let between = String(decoding: bytes[min(end, chunk.start)..<chunk.start], as: UTF8.self)
            let isSpace = between.allSatisfy { $0.isWhitespace }
            #expect(isSpace, "nothing is left out")
            #expect(chunk.end > end)
            end = chunk.end
        }
        return chunks
    }

    @Test func `a short text is one chunk, an empty one none`() {
        #expect(chunks("").isEmpty)
        #expect(chunks(" \n\t ").isEmpty)
        #expect(chunks(" Hello. \n") == [TextChunk(text: "Hello.", start: 1, end: 7, page: nil, heading: nil)])
    }

    @Test func `cuts are at headings, pages, paragraphs, lines, sentences and words`() {
        let first = String(repeating: "one ", count: 11)
        #expect(chunks(first + "\n# Two\n" + first).map(\.heading) == [nil, "Two"])
        #expect(chunks(first + "\u{c}" + first + "\u{c}").map(\.page) == [1, 2])
        #expect(chunks("one\u{c}two\u{c}three").map(\.page) == [1])
        #expect(chunks(first + "x\n\nNext one.\nA line " + first)[0].text.hasSuffix("x"))
        #expect(chunks(first + "x.\nNext line. " + first)[0].text.hasSuffix("x."))
        #expect(chunks(first + "end. Next " + first)[0].text.hasSuffix("end."))
        #expect(chunks(String(repeating: "苹果很好吃。", count: 9)).allSatisfy { $0.text.hasSuffix("。") })
        let longWord = String(repeating: "ö", count: 100)
        #expect(chunks(longWord).count == 4)
    }

    @Test func `a chunk repeats the end of the one before, but no heading`() {
        let text = (1...40).map { "Sentence \($0) is here." }.joined(separator: " ")
        let parts = chunks(text, size: 64)
        #expect(parts.count > 3)
        for (left, right) in zip(parts, parts.dropFirst()) {
            let shared = left.end - right.start
            #expect(shared > 0 && shared <= 64 * 4 / TextChunks.overlap)
            #expect(right.text.hasPrefix("Sentence"))
        }
        let titled = (1...9).map { "# Part \($0)\n" + String(repeating: "word ", count: 10) }.joined(separator: "\n")
        for (left, right) in zip(chunks(titled), chunks(titled).dropFirst()) { #expect(right.start >= left.end) }
    }

    @Test func `a block of code is not cut where that can be avoided`() {
        let code = "```\na = 1\n\n# no heading\nb = 2\n```\n"
        let text = String(repeating: "word ", count: 7) + "\n" + code + "After it. More."
        let parts = chunks(text)
        #expect(parts.allSatisfy { $0.heading == nil })
        #expect(parts.contains { $0.text.contains("```\na = 1\n\n# no heading\nb = 2\n```") })
        let long = "```\n" + (1...50).map { "line \($0)" }.joined(separator: "\n") + "\n```"
        #expect(chunks(long).dropFirst().allSatisfy { $0.text.hasPrefix("line") || $0.text.hasPrefix("```") })
        #expect(chunks("~~~\n" + String(repeating: "x", count: 300)).count > 4, "a block without an end")
    }

    @Test func `a large text of any shape takes linear time`() {
        for unit in ["a", "\n", "# ", "# x\n", "```\n", "\u{c}", ". ", "ab ", "。"] {
            _ = chunks(String(repeating: unit, count: 200_000 / unit.utf8.count), size: 300)
        }
    }
}
