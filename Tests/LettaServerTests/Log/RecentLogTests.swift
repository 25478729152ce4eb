import Foundation
import JSON
import LettaAPI
import Logging
import TestSupport
import Testing

@testable import LettaServer

/// What the server logged lately can be read.
@Suite(.timeLimit(.minutes(2))) struct RecentLogTests {
    private func logger(_ log: RecentLog) -> Logger {
        var logger = Logger(label: "test") { LineLogHandler(label: $0, descriptor: -1, recent: log) }
        logger.logLevel = .info
        return logger
    }

    private func query(_ change: (inout ReadLog) -> Void = { _ in }) -> ReadLog {
        var query = ReadLog()
        change(&query)
        return query
    }

    @Test func `entries are kept with their metadata, by level, text and place`() {
        let log = RecentLog()
        let logger = logger(log)
        logger.info("Request", metadata: ["http.status": "200"], source: "HTTPKit")
        logger.debug("is not logged")
        logger.warning("Careful\nnow", source: "Elsewhere")
        logger.error("Broken", metadata: ["error": "no \u{1B}[31mspace"])
        let all = log.entries(query(), count: 10)
        #expect(all.map(\.message) == ["Request", "Careful\nnow", "Broken"] && all.map(\.id) == [1, 2, 3])
        #expect(all[0].metadata == ["http.status": "200"] && all[0].source == "HTTPKit" && all[0].level == .info)
        #expect(log.entries(query { $0.level = .warning }, count: 10).map(\.id) == [2, 3])
        #expect(log.entries(query { $0.text = "HTTP.Status=2" }, count: 10).map(\.id) == [1])
        #expect(log.entries(query { $0.after = 2 }, count: 10).map(\.id) == [3])
        #expect(log.entries(query(), count: 2).map(\.id) == [2, 3])
    }

    @Test func `it holds a bounded number of bounded entries, the newest`() {
        let log = RecentLog()
        let logger = logger(log)
        for number in 1...(RecentLog.capacity + 700) { logger.info("\(number)") }
        logger.info("\(String(repeating: "é", count: 100_000))")
        let all = log.entries(query(), count: RecentLog.capacity)
        #expect(all.count == RecentLog.capacity && all.map(\.id) == Array(702...(RecentLog.capacity + 701)))
        #expect(all[0].message == "702" && all.last?.message.utf8.count ?? .max < 5_000)
    }

    @Test func `threads that log at the same time lose nothing`() async {
        let log = RecentLog()
        let logger = logger(log)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<200 { logger.info("x") } } }
        }
        #expect(Set(log.entries(query(), count: 2_000).map(\.id)) == Set(1...1_600))
    }

    @Test func `reading it leaves no entries, unless it fails`() {
        let log = RecentLog()
        let logger = logger(log)
        for (route, status) in [("/v1/server/log", 200), ("/v1/agents/", 200), ("/v1/server/log", 403)] {
            logger.info("Request", metadata: ["http.route": "\(route)", "http.status": .stringConvertible(status)])
        }
        #expect(log.entries(query(), count: 10).map { $0.metadata["http.status"] } == ["200", "403"])
        #expect(log.entries(query(), count: 10).map(\.id) == [1, 2])
    }

    @Test func `the route checks what it is asked`() async throws {
        try await scenarios(
            on: .sqlite,
            [
                .get("/v1/server/log", expect: 200, .anything),
                .get("/v1/server/log?count=0", expect: 422).field("count"),
                .get("/v1/server/log?count=2001", expect: 422).field("count"),
                .get("/v1/server/log?level=loud", expect: 422).field("level"),
            ])
    }
}
