import Foundation
import Logging
import Testing

@testable import LettaServer

@Suite(.timeLimit(.minutes(5))) struct LineLogTests {
    /// The lines that `write` leaves in a log.
    private func lines(_ write: (inout Logger) -> Void) throws -> [String] {
        let pipe = Pipe()
        var logger = Logger(label: "letta-server") {
            LineLogHandler(label: $0, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        }
        write(&logger)
        try pipe.fileHandleForWriting.close()
        let text = try String(decoding: #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        #expect(text.hasSuffix("\n"))
        return text.split(separator: "\n").map(String.init)
    }

    @Test func aLineTellsTimeLevelLabelMetadataSourceAndMessage() throws {
        let lines = try lines { logger in
            logger[metadataKey: "run.id"] = "run-1"
            logger.info("Request", metadata: ["http.status": "200", "a": "b", "run.id": "run-2"], source: "HTTPKit")
            logger.debug("is not written")
            logger.warning("Careful", source: "Elsewhere")
        }
        let time = #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} /#
        #expect(
            lines.map { $0.replacing(time, with: "TIME ") } == [
                "TIME info letta-server: a=b http.status=200 run.id=run-2 [HTTPKit] Request",
                "TIME warning letta-server: run.id=run-1 [Elsewhere] Careful",
            ])
    }

    @Test func whatIsLoggedCannotBeginALineOfItsOwn() throws {
        let lines = try lines { logger in
            logger.info(
                "over\r\nthere", error: CancellationError(),
                metadata: [
                    "key\n": "a\tb\n2026 info forged", "y": "\u{9B}2J\u{85}a\u{2028}b\u{202E}c\\", "z": "x\u{1B}[2J €",
                ], source: "é")
        }
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(
                "error.message=CancellationError() error.type=Swift.CancellationError "
                    + #"key\n=a\tb\n2026 info forged y=\u{9b}2J\u{85}a\u{2028}b\u{202e}c\\ z=x\u{1b}[2J € [é] over\r\nthere"#
            ) == true)
    }

    @Test func linesOfManyThreadsDoNotMix() async throws {
        // Longer than what a pipe takes at once.
        let pipe = Pipe()
        let logger = Logger(label: "x") {
            LineLogHandler(label: $0, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        }
        let (texts, text) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            text.yield(String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
            text.finish()
        }
        DispatchQueue.concurrentPerform(iterations: 20) { index in
            logger.info("\(String(repeating: "x", count: 100_000 + index))", source: "S")
        }
        try pipe.fileHandleForWriting.close()
        var lines: [Substring] = []
        for await text in texts { lines = text.split(separator: "\n") }
        #expect(lines.count == 20)
        #expect(Set(lines.map { $0.utf8.count - $0.prefix { $0 != "]" }.utf8.count - 2 }) == Set(100_000..<100_020))
    }

    @Test func aLineThatWasCutIsNotGoneOnWith() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        let logger = Logger(label: "x") { LineLogHandler(label: $0, descriptor: descriptor) }
        logger.info("\(String(repeating: "x", count: 100_000))", source: "S")
        logger.info("lost", source: "S")
        #expect((1..<100_000).contains(pipe.fileHandleForReading.availableData.count))
        logger.info("heard", source: "S")
        try pipe.fileHandleForWriting.close()
        let rest = try String(decoding: #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        let lines = rest.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.allSatisfy { $0 == "x" } == true)
        #expect(lines.last?.hasSuffix("[S] heard") == true)
    }

    @Test func aLogThatCannotBeWrittenHarmsNobody() {
        Logger(label: "x") { LineLogHandler(label: $0, descriptor: -1) }.error("Nobody hears this")
    }
}
