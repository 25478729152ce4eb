import EventStreams
import JSON
import LettaAPI

/// What changes as frames of an event stream, until the client leaves.
struct ChangeFrames: AsyncSequence, Sendable {
    /// How long nothing may come: a client takes a connection that is silent for longer for dead.
    private static let beat = Duration.seconds(15)

    let reader: ChangeFeed.NewsReader
    let clock: any Clock<Duration>

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(frames: self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let frames: ChangeFrames
        private var bell: AsyncStream<Void>.Iterator
        private let silence: SilenceTimer
        private var isReady = false

        init(frames: ChangeFrames) {
            self.frames = frames
            bell = frames.reader.bell.makeAsyncIterator()
            silence = SilenceTimer(clock: frames.clock, onSilence: frames.reader.ring)
        }

        /// All changes that are known, as one chunk.
        mutating func next() async throws -> [UInt8]? {
            guard isReady else {
                isReady = true
                return Self.frame("ready", ["covers_all": true])
            }
            silence.touch(ChangeFrames.beat)
            guard await bell.next() != nil, !Task.isCancelled else { return nil }
            switch frames.reader.next() {
            case .missed: return Self.frame("resync", [:])
            case .changed(let notices):
                guard !notices.isEmpty else { return Self.frame("beat", [:]) }
                return notices.flatMap { notice in
                    Self.frame(
                        "change", ["kind": .string(notice.kind), "ids": .array(notice.ids.map { .string($0) })])
                }
            }
        }

        private static func frame(_ name: String, _ data: JSONValue) -> [UInt8] {
            Array("event: \(name)\ndata: ".utf8) + JSONWriter.bytes(of: data) + Array("\n\n".utf8)
        }
    }
}
