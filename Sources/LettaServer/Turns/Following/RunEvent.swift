import AgentEngine
import JSON

/// An event of a run as its readers receive it.
struct RunEvent: Sendable {
    /// The position in the run's log, from 1.
    var sequence: Int
    /// The `message_type`.
    var type: String
    var json: String

    /// - Parameter isNumbered: whether messages and pings have a sequence number, as in background runs.
    init(_ event: TurnEvent, at sequence: Int, isNumbered: Bool) {
        self.sequence = sequence
        type = event.messageType
        json = JSONWriter.string(of: isNumbered ? event.numbered(sequence) : event)
    }

    init(sequence: Int, type: String, json: String) {
        self.sequence = sequence
        self.type = type
        self.json = json
    }
}

extension TurnEvent {
    fileprivate func numbered(_ sequence: Int) -> TurnEvent {
        switch self {
        case .ping(let id, let runID, let time, _):
            return .ping(id: id, runID: runID, at: time, sequence: Int64(sequence))
        case .message(var message):
            message.sequence = Int64(sequence)
            return .message(message)
        case .stopReason, .usage, .failure:
            return self
        }
    }

    fileprivate var messageType: String {
        switch self {
        case .ping: "ping"
        case .message(let message): message.messageType
        case .stopReason: "stop_reason"
        case .usage: "usage_statistics"
        case .failure: "error_message"
        }
    }
}

/// The events that a reader wants.
struct EventFilter: Sendable {
    var withPings: Bool
    /// The message types; nil for all. Events other than messages are always shown.
    var messageTypes: Set<String>?

    func shows(_ type: String) -> Bool {
        switch type {
        case "ping": withPings
        case "stop_reason", "usage_statistics", "error_message": true
        default: messageTypes?.contains(type) ?? true
        }
    }
}

/// The wire format of an event.
enum EventFrame {
    static let done = Array("data: [DONE]\n\n".utf8)

    /// Only errors have an event name.
    static func bytes(_ event: RunEvent) -> [UInt8] {
        let start = event.type == "error_message" ? "event: error\ndata: " : "data: "
        return Array("\(start)\(event.json)\n\n".utf8)
    }
}
