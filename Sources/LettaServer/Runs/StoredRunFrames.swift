/// The events of a background run that is over, as the frames of an event stream.
struct StoredRunFrames: AsyncSequence, Sendable {
    let startingAfter: Int
    let filter: EventFilter
    /// The next events behind one with this number, some at a time; none at the end.
    let page: @Sendable (_ after: Int) async throws -> [StoredRunEvent]

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(frames: self, last: startingAfter)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let frames: StoredRunFrames
        var last: Int
        var hasEnded = false

        /// A page of events in one piece; nil at the end.
        mutating func next() async throws -> [UInt8]? {
            while !hasEnded {
                let page = try await frames.page(last)
                guard let end = page.last else {
                    hasEnded = true
                    return EventFrame.done
                }
                last = end.sequence
                let wanted = page.filter { frames.filter.shows($0.type) }
                guard wanted.isEmpty else {
                    return wanted.flatMap { EventFrame.bytes(type: $0.type, json: Array($0.text.utf8)) }
                }
            }
            return nil
        }
    }
}

/// Which events a reader wants to see.
struct EventFilter: Sendable {
    var withPings: Bool
    /// The kinds of messages; nil for all. What is no message is always shown.
    var messageTypes: Set<String>?

    func shows(_ type: String) -> Bool {
        switch type {
        case "ping": withPings
        case "stop_reason", "usage_statistics", "error_message": true
        default: messageTypes?.contains(type) ?? true
        }
    }
}

/// The form of one event on the wire.
enum EventFrame {
    static let done = Array("data: [DONE]\n\n".utf8)

    /// Only errors carry a name.
    static func bytes(type: String, json: [UInt8]) -> [UInt8] {
        let start = type == "error_message" ? "event: error\ndata: " : "data: "
        return Array(start.utf8) + json + Array("\n\n".utf8)
    }
}
