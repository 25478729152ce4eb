import AgentEngine
import JSON
import LettaAPI

/// The events of a turn as the frames of an event stream, each ready to be sent.
struct TurnFrames: AsyncSequence, Sendable {
    let control: TurnControl
    let withPings: Bool
    let only: [LettaMessageType]?
    let now: @Sendable () -> Timestamp
    let ids: IDSource

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(frames: self)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let frames: TurnFrames
        private let wanted: Set<String>?
        private var count = 0
        private var waiting: [[UInt8]] = []
        private var hasEnded = false

        init(frames: TurnFrames) {
            self.frames = frames
            wanted = frames.only.map { Set($0.map(\.rawValue)) }
            if frames.withPings {
                let ping = TurnEvent.ping(
                    id: "ping-\(frames.ids.uuid())", runID: frames.control.run.rawValue,
                    at: frames.now().microseconds, sequence: nil)
                waiting.append(Self.frame(ping))
            }
        }

        /// Everything that is ready, in one piece; nil at the end.
        mutating func next() async -> [UInt8]? {
            if !waiting.isEmpty { return take() }
            guard !hasEnded else { return nil }
            while true {
                let events = await frames.control.log.events(after: count)
                guard !events.isEmpty else {
                    hasEnded = true
                    return Task.isCancelled ? nil : Array("data: [DONE]\n\n".utf8)
                }
                count += events.count
                waiting += events.filter(isWanted).map(Self.frame)
                if !waiting.isEmpty { return take() }
            }
        }

        private mutating func take() -> [UInt8] {
            defer { waiting = [] }
            return Array(waiting.joined())
        }

        private func isWanted(_ event: TurnEvent) -> Bool {
            guard case .message(let message) = event, let wanted else { return true }
            return wanted.contains(message.messageType)
        }

        private static func frame(_ event: TurnEvent) -> [UInt8] {
            let name = event.streamName.map { "event: \($0)\n" } ?? ""
            return Array("\(name)data: ".utf8) + JSONWriter.bytes(of: event) + Array("\n\n".utf8)
        }
    }
}
