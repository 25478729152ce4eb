import EventStreams
import Testing

@Suite(.timeLimit(.minutes(2))) struct ServerSentEventParserTests {
    private static let stream = [
        "\u{FEFF}: a comment\r\n", "data: one\r\n\r\n", "event: error\r\ndata:two\r\ndata:  three\r\n\r\n",
        "id: 7\nretry: 1\n\n",
        "data\n\n", "data: [DONE]\r\r", "data: cut off",
    ].joined()

    private static let events = [
        ServerSentEvent(name: nil, data: Array("one".utf8)),
        ServerSentEvent(name: "error", data: Array("two\n three".utf8)),
        ServerSentEvent(name: nil, data: []),
        ServerSentEvent(name: nil, data: Array("[DONE]".utf8)),
    ]

    private func parse(_ pieces: [ArraySlice<UInt8>], limit: Int = 1_000) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser(limit: limit)
        var events: [ServerSentEvent] = []
        for piece in pieces {
            try piece.withUnsafeBytes { bytes in
                events += try parser.feed(bytes)
            }
        }
        return events
    }

    @Test func theSameEventsComeOutHoweverTheBytesAreCut() throws {
        let bytes = Array(Self.stream.utf8)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 7) {
                #expect(try parse([bytes[..<first], bytes[first..<second], bytes[second...]]) == Self.events)
            }
        }
        #expect(try parse(bytes.indices.map { bytes[$0...$0] }) == Self.events)
    }

    @Test func aLineOrAnEventThatIsTooLongEndsTheStream() throws {
        let line = Array("data: 0123456789\n\n".utf8)
        #expect(try parse([line[...]], limit: 16).count == 1)
        #expect(throws: ServerSentEventParser.LimitExceeded.self) { try parse([line[...]], limit: 15) }
        #expect(throws: ServerSentEventParser.LimitExceeded.self) {
            try parse(line.indices.map { line[$0...$0] }, limit: 15)
        }
        let event = Array("data: 12345\ndata: 12345\n\n".utf8)
        #expect(throws: ServerSentEventParser.LimitExceeded.self) { try parse([event[...]], limit: 10) }
        #expect(try parse([event[...]], limit: 11).count == 1)
    }
}
