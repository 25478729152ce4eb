import LettaAPI
import Synchronization

/// The running turn of each conversation. A second one is refused, not queued.
final class ConversationTurns: Sendable {
    private let running = Mutex<[ID<Conversation>: TurnControl]>([:])

    /// - Throws: `APIError` 409 with the run that is at work.
    func begin(_ control: TurnControl, in conversation: ID<Conversation>) throws(APIError) {
        let other = running.withLock { running -> TurnControl? in
            // A turn that has told its readers the end may still be cleaning up.
            if let other = running[conversation], !other.log.isFinished { return other }
            running[conversation] = control
            return nil
        }
        guard let other else { return }
        let text = """
            CONFLICT: Cannot send a new message: Another request (run_id=\(other.run)) is currently being processed \
            for this conversation. Please wait for it to complete.
            """
        throw APIError(status: 409, body: .busy(message: text, runID: other.run.rawValue))
    }

    func end(_ control: TurnControl, in conversation: ID<Conversation>) {
        running.withLock { running in
            if running[conversation] === control { running[conversation] = nil }
        }
    }
}

/// A turn's right to run: a place in the line of its agent, or the one turn of a conversation.
enum TurnPlace: Sendable {
    case line(KeyedFIFOLock<ID<AgentState>>, KeyedFIFOLock<ID<AgentState>>.Ticket)
    case conversation(ConversationTurns, TurnControl, ID<Conversation>)

    /// - Throws: `CancellationError` when the task is cancelled first; the place is then given up.
    func wait() async throws {
        if case .line(let lock, let ticket) = self { try await lock.lock(ticket) }
    }

    /// Lets the next turn begin, after ``wait()``.
    func leave() {
        switch self {
        case .line(let lock, let ticket): lock.unlock(ticket.key)
        case .conversation(let turns, let control, let id): turns.end(control, in: id)
        }
    }

    /// Gives the place up without having waited for it.
    func abandon() {
        switch self {
        case .line(let lock, let ticket): lock.abandon(ticket)
        case .conversation(let turns, let control, let id): turns.end(control, in: id)
        }
    }
}
