import Logging
import Storage
import Synchronization
import Testing

@testable import LettaServer

@Suite(.timeLimit(.minutes(5))) struct RepeatedFailureLogTests {
    private final class Written: Sendable {
        let lines = Mutex<[String]>([])
        let time = Mutex(ContinuousClock.now)
    }

    private struct Recorder: LogHandler {
        let written: Written
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(_ written: Written) {
            self.written = written
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let repetitions = event.metadata?["repetitions"].map { " \($0)" } ?? ""
            written.lines.withLock { $0.append("\(event.message)\(repetitions)") }
        }
    }

    @Test func `a failure that repeats is one line a minute`() {
        let written = Written()
        let window = RepeatedFailureLog.Window { written.time.withLock { $0 } }
        var logger = Logger(label: "x") { _ in RepeatedFailureLog(Recorder(written), window: window) }
        logger[metadataKey: "run.id"] = "run-1"
        func fail(_ statement: String) {
            let failure = SQLFailure(.unavailable, "database or disk is full", sql: statement)
            logger.error("Request failed", metadata: ["error": "\(failure)"])
        }
        for number in 0..<20_000 { fail("INSERT INTO t\(number)") }
        for _ in 0..<3 { logger.info("Request") }
        logger.error("Request failed", metadata: ["error": "\(SQLFailure(.busy, "locked"))"])
        logger.error("Another")
        #expect(
            written.lines.withLock { $0 } == [
                "Request failed", "Request", "Request", "Request", "Request failed", "Another",
            ])
        written.time.withLock { $0 += .seconds(61) }
        for _ in 0..<10 { fail("DELETE FROM t") }
        #expect(written.lines.withLock { $0 }.last == "Request failed 19999")
        #expect(written.lines.withLock { $0.count } == 7)
    }

    @Test func `many different failures take bounded memory`() {
        let written = Written()
        let window = RepeatedFailureLog.Window { written.time.withLock { $0 } }
        let logger = Logger(label: "x") { _ in RepeatedFailureLog(Recorder(written), window: window) }
        for number in 0..<10_000 { logger.error("failure \(number)") }
        #expect(written.lines.withLock { $0.count } == 257)
    }
}
