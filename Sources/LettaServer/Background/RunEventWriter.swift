import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Stores the events of a background run while they happen, so that it can be followed after its end as well.
///
/// What came while one batch was being written is the next batch: a quick model makes larger ones.
struct RunEventWriter: Sendable {
    let core: Core
    let control: TurnControl
    let scope: Scope

    /// Returns at the end of the run, when all is stored.
    func write() async {
        var count = 0
        while true {
            let events = await control.log.events(after: count)
            guard !events.isEmpty else { return }
            let batch = events.enumerated().map { index, event in event.stored(at: count + index + 1) }
            count += events.count
            do {
                let time = core.now()
                try await core.storage.write(as: scope, quietly: true) { db in
                    try RunEventStore.insert(batch, of: control.run, at: time, db)
                }
            } catch {
                // Who comes later sees the run end here.
                core.logger.error(
                    "The events of a run could not be stored",
                    metadata: ["run.id": "\(control.run)", "error": "\(error)"])
                return
            }
        }
    }
}

extension TurnEvent {
    /// The event as the log of a background run numbers it.
    func numbered(_ sequence: Int) -> TurnEvent {
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

    func stored(at sequence: Int) -> StoredRunEvent {
        StoredRunEvent(sequence: sequence, type: messageType, text: JSONWriter.string(of: numbered(sequence)))
    }

    var messageType: String {
        switch self {
        case .ping: "ping"
        case .message(let message): message.messageType
        case .stopReason: "stop_reason"
        case .usage: "usage_statistics"
        case .failure: "error_message"
        }
    }
}
