import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage
import StorageSQLite
import TestSupport
import Testing

@testable import LettaServer

/// The live tail of a run is bounded, and a slow reader slows nobody but itself.
@Suite(.timeLimit(.minutes(5))) struct RunLogTests {
    private static func event(_ sequence: Int, bytes: Int = 10) -> RunEvent {
        RunEvent(sequence: sequence, type: "assistant_message", json: String(repeating: "x", count: bytes))
    }

    private func log(_ count: Int, isStored: Bool = false, bytes: Int = 10, _ limits: RunLog.Limits) -> RunLog {
        let log = RunLog(isStored: isStored, limits: limits)
        for _ in 0..<count { log.append { Self.event($0, bytes: bytes) } }
        return log
    }

    private func sequences(_ reading: RunLog.Reading?) -> [Int]? {
        if case .events(let events) = reading { events.map(\.sequence) } else { nil }
    }

    private func isBehind(_ reading: RunLog.Reading?) -> Bool {
        if case .behind = reading { true } else { false }
    }

    @Test func `the tail is bounded by count`() {
        let log = log(100, .init(events: 8))
        #expect(isBehind(log.readNow(after: 0)))
        let kept = sequences(log.readNow(after: 94)) ?? []
        #expect(kept == Array(95...100))
        #expect(log.readNow(after: 100) == nil, "a reader that has seen all waits")
    }

    @Test func `the tail is bounded by size, and the newest events always stay`() {
        let small = log(100, bytes: 100, .init(bytes: 1_000))
        #expect(isBehind(small.readNow(after: 83)))
        #expect(sequences(small.readNow(after: 84)) == Array(85...100))
        let large = log(20, bytes: 2_000, .init(bytes: 1_000))
        #expect(isBehind(large.readNow(after: 3)))
        #expect(sequences(large.readNow(after: 4)) == Array(5...20))
    }

    @Test func `what is still to be stored is not dropped`() {
        let log = log(100, isStored: true, .init(events: 8))
        #expect(sequences(log.readNow(after: 0))?.count == 100)
        log.setStored(50)
        #expect(isBehind(log.readNow(after: 49)))
        #expect(sequences(log.readNow(after: 50))?.first == 51)
        log.stopStoring()
        #expect(isBehind(log.readNow(after: 90)))
        #expect(sequences(log.readNow(after: 95))?.count == 5)
    }

    @Test func `what a database refuses for long is dropped in the end`() {
        let log = log(100, isStored: true, bytes: 100, .init(bytes: 1_000))
        #expect(isBehind(log.readNow(after: 0)))
        #expect(sequences(log.readNow(after: 90))?.last == 100)
    }

    // MARK: Readers

    private func frames(
        background: Bool, events: Int, page: (@Sendable (Int) async throws -> [RunEvent])?
    ) throws -> RunFrames {
        let control = TurnControl(
            run: ID("run-1"), agent: ID("agent-1"), organization: "org", isBackground: background,
            limits: .init(events: 8))
        for _ in 0..<events { control.log.append { Self.event($0) } }
        control.log.stopStoring()
        control.log.finish()
        let core = Core(
            storage: SQLiteEngine.inMemory(), ids: .random, now: { Timestamp(microseconds: 0) },
            clock: ContinuousClock(), logger: Logger(label: "frames"))
        return RunFrames(
            core: core, run: control.run, filter: EventFilter(withPings: false), control: control, page: page)
    }

    private func text(_ frames: RunFrames) async throws -> String {
        try await frames.reduce(into: "") { $0 += String(decoding: $1, as: UTF8.self) }
    }

    @Test func `a stream that is read too slowly ends with an error`() async throws {
        let text = try await text(try frames(background: false, events: 100, page: nil))
        #expect(text.hasPrefix("event: error\n"))
        #expect(text.contains("read too slowly") && text.contains("GET /v1/runs/run-1/messages"))
        #expect(text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `a reader that keeps up sees all`() async throws {
        let text = try await text(try frames(background: false, events: 8, page: nil))
        #expect(text.ranges(of: "data: x").count == 8 && text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `a reader of a background run that falls behind reads from the table`() async throws {
        let frames = try frames(background: true, events: 100) { last in
            // Pages of twelve: the last events come from the tail.
            last < 94 ? (last + 1...last + 12).map { Self.event($0) } : []
        }
        let text = try await text(frames)
        #expect(text.ranges(of: "data: x").count == 100, "each event once")
        #expect(!text.contains("event: error") && text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `events that the table lost are an error, not a gap`() async throws {
        let text = try await text(try frames(background: true, events: 100) { _ in [] })
        #expect(text.hasPrefix("event: error\n"))
    }
}
