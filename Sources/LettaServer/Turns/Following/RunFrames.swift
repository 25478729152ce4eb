import AgentEngine
import EventStreams
import LettaAPI
import Storage

/// The events of a run as frames of an event stream: live from the log, and from the table of events where the log does
/// not reach.
struct RunFrames: AsyncSequence, Sendable {
    /// The silence after which a ping shows that the turn is still running.
    static let longestSilence = Duration.seconds(30)
    /// How often the events of another server's run are looked for when it says nothing.
    private static let pause = Duration.milliseconds(500)

    let core: Core
    let run: ID<Run>
    let filter: EventFilter
    /// Nil for a run that this server does not have.
    let control: TurnControl?
    /// A page of stored events after a sequence number; nil for a run whose events are not stored.
    let page: (@Sendable (_ after: Int) async throws -> [RunEvent])?
    /// Whether a run without a control has stored its last event; nil: it has.
    var isOver: (@Sendable () async throws -> Bool)?
    /// The number of events that the reader has already seen.
    var startingAfter = 0

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(frames: self)
    }

    /// Reads the table of events.
    static func pages(
        of run: ID<Run>, _ core: Core, as scope: Scope
    ) -> @Sendable (_ after: Int) async throws -> [RunEvent] {
        { last in
            try await core.storage.read(as: scope) { db in
                try RunEventStore.events(of: run, after: last, limit: 500, db)
            }
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let frames: RunFrames
        private var count: Int
        private var first: [UInt8]?
        private var hasEnded = false
        private let reader: Int?
        /// Nil without pings.
        private let silence: SilenceTimer?
        /// Of a run that another server has, with the timer for its silence.
        private var news: (arrivals: AsyncStream<Void>.Iterator, timer: SilenceTimer)?

        init(frames: RunFrames) {
            self.frames = frames
            count = frames.startingAfter
            reader = frames.control?.log.newReader()
            if frames.filter.withPings, let log = frames.control?.log, let reader {
                silence = SilenceTimer(clock: frames.core.clock) { log.interrupt(reader) }
            } else {
                silence = nil
            }
            if frames.isOver != nil, let servers = frames.core.servers {
                let (arrivals, ring) = servers.news.reader(of: frames.run)
                news = (arrivals.makeAsyncIterator(), SilenceTimer(clock: frames.core.clock, onSilence: ring))
            }
            // The log of a background run starts with its own ping.
            if silence != nil, frames.control?.isBackground == false { first = ping() }
        }

        /// All events that are ready, as one chunk; nil at the end.
        mutating func next() async throws -> [UInt8]? {
            if let first {
                self.first = nil
                return first
            }
            while !hasEnded {
                let events: [RunEvent]
                switch try await read() {
                case .events(let ready):
                    events = ready
                case .interrupted:
                    return ping()
                case .behind:
                    hasEnded = true
                    return tooSlow() + EventFrame.done
                case .end:
                    hasEnded = true
                    return Task.isCancelled ? nil : EventFrame.done
                }
                count = events.last?.sequence ?? count
                let wanted = events.filter { frames.filter.shows($0.type) }
                if !wanted.isEmpty { return wanted.flatMap(EventFrame.bytes) }
            }
            return nil
        }

        private mutating func read() async throws -> RunLog.Reading {
            guard let log = frames.control?.log else { return try await elsewhere() }
            let reading = await live(log)
            guard case .behind = reading else { return reading }
            return try await stored() ?? .behind
        }

        /// What another server stores, until the end of its run.
        private mutating func elsewhere() async throws -> RunLog.Reading {
            var silence = Duration.zero
            while true {
                // Before the events: once it is over, none comes.
                let isOver = try await frames.isOver?() ?? true
                if let events = try await stored() { return events }
                if isOver { return .end }
                guard news != nil else { return .end }
                news?.timer.touch(RunFrames.pause)
                await news?.arrivals.next()
                if Task.isCancelled { return .end }
                silence += RunFrames.pause
                if frames.filter.withPings, silence >= RunFrames.longestSilence { return .interrupted }
            }
        }

        private func stored() async throws -> RunLog.Reading? {
            guard let page = frames.page else { return nil }
            let events = try await page(count)
            return events.isEmpty ? nil : .events(events)
        }

        private func live(_ log: RunLog) async -> RunLog.Reading {
            if let ready = log.readNow(after: count) { return ready }
            guard let silence, let reader else { return await log.read(after: count) }
            // The time spent on sending is no silence.
            log.forgetInterruption(of: reader)
            silence.touch(RunFrames.longestSilence)
            return await log.read(after: count, by: reader)
        }

        /// A ping is no event of the run: it repeats the sequence number of the last one.
        private func ping() -> [UInt8] {
            let event = TurnEvent.ping(
                id: "ping-\(frames.core.ids.uuid())", runID: frames.run.rawValue,
                at: frames.core.now().microseconds, sequence: nil)
            return EventFrame.bytes(
                RunEvent(event, at: count, isNumbered: frames.control?.isBackground == true))
        }

        private func tooSlow() -> [UInt8] {
            let failure = TurnFailure(
                type: "internal_error", message: "This stream was read too slowly.",
                detail: "Events of run \(frames.run) were dropped before this reader took them. The run goes on. "
                    + "Its messages are at GET /v1/runs/\(frames.run)/messages.",
                status: 500)
            return EventFrame.bytes(
                RunEvent(.failure(failure, runID: frames.run.rawValue), at: count, isNumbered: false))
        }
    }
}
