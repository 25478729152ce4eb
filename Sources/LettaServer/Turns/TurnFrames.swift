import AgentEngine
import EventStreams
import JSON
import LettaAPI

extension TurnFailure {
    fileprivate static let notKept = TurnFailure(
        type: "internal_error", message: "An error occurred during agent execution.",
        detail: "The disk failed to keep what was said. The server has to be started again.", status: 500)
}

/// The events of a turn as the frames of an event stream, each ready to be sent.
struct TurnFrames: AsyncSequence, Sendable {
    /// How long nothing may flow before a ping says that the turn is still at work.
    static let longestSilence = Duration.seconds(30)

    let control: TurnControl
    let filter: EventFilter
    let now: @Sendable () -> Timestamp
    let clock: any Clock<Duration>
    let ids: IDSource
    /// How many events the reader has seen before.
    var startingAfter = 0

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(frames: self)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let frames: TurnFrames
        private var count: Int
        private var waiting: [[UInt8]] = []
        private var hasEnded = false
        /// Whether the disk did not keep what the turn stored: the reader is told so, and nothing else.
        private var hasFailed = false
        private let reader: Int
        /// Nil where no pings are wanted.
        private let silence: SilenceTimer?

        init(frames: TurnFrames) {
            self.frames = frames
            count = frames.startingAfter
            let log = frames.control.log
            let reader = log.newReader()
            self.reader = reader
            silence = frames.filter.withPings ? SilenceTimer(clock: frames.clock) { log.interrupt(reader) } : nil
            // The log of a background run begins with a ping of its own.
            if frames.filter.withPings, !frames.control.isBackground { waiting.append(ping()) }
        }

        /// Everything that is ready, in one piece; nil at the end.
        mutating func next() async -> [UInt8]? {
            if !waiting.isEmpty { return take() }
            while !hasEnded {
                guard let events = hasFailed ? [] : await events() else { return ping() }
                guard !events.isEmpty else {
                    hasEnded = true
                    return Task.isCancelled ? nil : EventFrame.done
                }
                for event in events {
                    count += 1
                    if frames.filter.shows(event.messageType) { waiting.append(frame(event)) }
                }
                if !waiting.isEmpty {
                    await replaceWhatIsNotKept()
                    return take()
                }
            }
            return nil
        }

        /// Waits until what the frames tell is kept by the disk. They were made meanwhile.
        private mutating func replaceWhatIsNotKept() async {
            do {
                try await frames.control.settle()
            } catch {
                hasFailed = true
                let end = TurnEnd(stop: .error, usage: TurnUsage(), failure: .notKept)
                waiting = end.events(runID: frames.control.run.rawValue).map { frame($0) }
            }
        }

        /// The next events, none at the end of the run; nil after a silence that a ping has to break.
        private func events() async -> [TurnEvent]? {
            let log = frames.control.log
            if let ready = log.eventsNow(after: count) { return ready }
            guard let silence else { return await log.events(after: count) }
            // What came while the reader was at something else is no silence.
            log.forgetInterruption(of: reader)
            silence.touch(TurnFrames.longestSilence)
            return await log.events(after: count, unlessInterrupted: reader)
        }

        private mutating func take() -> [UInt8] {
            defer { waiting = [] }
            return Array(waiting.joined())
        }

        /// A ping is no event of the run: it repeats the number of the last one.
        private func ping() -> [UInt8] {
            frame(
                TurnEvent.ping(
                    id: "ping-\(frames.ids.uuid())", runID: frames.control.run.rawValue,
                    at: frames.now().microseconds, sequence: nil))
        }

        private func frame(_ event: TurnEvent) -> [UInt8] {
            let shown = frames.control.isBackground ? event.numbered(count) : event
            return EventFrame.bytes(type: event.messageType, json: JSONWriter.bytes(of: shown))
        }
    }
}
