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
        if let other { throw Self.isBusy(with: other.run) }
    }

    static func isBusy(with run: ID<Run>) -> APIError {
        let text = """
            CONFLICT: Cannot send a new message: Another request (run_id=\(run)) is currently being processed \
            for this conversation. Please wait for it to complete.
            """
        return APIError(status: 409, body: .busy(message: text, runID: run.rawValue))
    }

    func end(_ control: TurnControl, in conversation: ID<Conversation>) {
        running.withLock { running in
            if running[conversation] === control { running[conversation] = nil }
        }
    }
}

/// A turn's right to run: a place in the line of its agent, or the one turn of a conversation.
struct TurnPlace: Sendable {
    enum Kind: Sendable {
        case line(KeyedFIFOLock<ID<AgentState>>, KeyedFIFOLock<ID<AgentState>>.Ticket)
        case conversation(ConversationTurns, TurnControl, ID<Conversation>)
    }

    let kind: Kind
    let claims: TurnClaims
    let run: ID<Run>
    let scope: Scope

    /// What is claimed among the servers.
    private var subject: String {
        switch kind {
        case .line(_, let ticket): ticket.key.rawValue
        case .conversation(_, _, let id): id.rawValue
        }
    }

    /// - Throws: `CancellationError` when the task is cancelled first, 409 for a conversation whose turn another server runs;
    ///   the place is then given up.
    func wait() async throws {
        switch kind {
        case .line(let lock, let ticket):
            try await lock.lock(ticket)
            do {
                try await claims.wait(for: subject, run: run, as: scope)
            } catch {
                lock.unlock(ticket.key)
                throw error
            }
        case .conversation:
            do {
                if let other = try await claims.claim(subject, run: run, as: scope) {
                    throw ConversationTurns.isBusy(with: other)
                }
            } catch {
                abandon()
                throw error
            }
        }
    }

    /// Lets the next turn begin, after ``wait()``.
    func leave() async {
        await claims.release(subject, as: scope)
        switch kind {
        case .line(let lock, let ticket): lock.unlock(ticket.key)
        case .conversation(let turns, let control, let id): turns.end(control, in: id)
        }
    }

    /// Gives the place up without having waited for it.
    func abandon() {
        switch kind {
        case .line(let lock, let ticket): lock.abandon(ticket)
        case .conversation(let turns, let control, let id): turns.end(control, in: id)
        }
    }
}
