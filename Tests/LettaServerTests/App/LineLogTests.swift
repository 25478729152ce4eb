import Foundation
import Logging
import Testing

@testable import LettaServer

@Suite struct LineLogTests {
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
                metadata: ["key\n": "a\tb\n2026 info forged", "z": "x\u{1B}[2J"], source: "é")
        }
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(
                "error.message=CancellationError() error.type=Swift.CancellationError "
                    + #"key\n=a\tb\n2026 info forged z=x\u{1b}[2J [é] over\r\nthere"#) == true)
    }

    @Test func linesOfManyThreadsDoNotMix() throws {
        let lines = try lines { logger in
            DispatchQueue.concurrentPerform(iterations: 50) { [logger] index in
                logger.info("\(String(repeating: "x", count: 300 + index))", source: "S")
            }
        }
        #expect(lines.count == 50)
        #expect(Set(lines.map { $0.split(separator: "] ").last?.count }) == Set(300..<350))
    }

    @Test func aLogThatCannotBeWrittenHarmsNobody() {
        Logger(label: "x") { LineLogHandler(label: $0, descriptor: -1) }.error("Nobody hears this")
    }
}
