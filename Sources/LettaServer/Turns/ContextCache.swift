import LettaAPI
import Synchronization

/// What agents knew at the end of their last turn, so that the next one need not read and understand it anew.
///
/// Whoever takes a context has to see that the database's mark is still the context's. A context has one user at a
/// time, the turn of its agent, and is gone from here meanwhile: a turn that fails leaves none.
final class ContextCache: Sendable {
    private struct Entry {
        let state: TurnState
        let number: Int
    }

    private struct Contents {
        var entries: [ID<AgentState>: Entry] = [:]
        var lastNumber = 0
    }

    private let contents = Mutex(Contents())
    private let limit: Int
    /// In bytes, about.
    private static let largest = 256 * 1_024

    /// - Parameter limit: how many contexts are kept; when there are more, the oldest is let go.
    init(limit: Int) {
        self.limit = limit
    }

    func take(_ agent: ID<AgentState>, as scope: Scope) -> TurnState? {
        contents.withLock { contents in
            guard contents.entries[agent]?.state.scope.organization == scope.organization else { return nil }
            return contents.entries.removeValue(forKey: agent)?.state
        }
    }

    /// Keeps what a turn has left, unless that is large or nobody could tell later whether it is still true.
    func keep(_ state: TurnState) {
        guard state.mark != nil else { return }
        var state = state
        state.overrideSystem = nil
        state.skills = nil
        guard state.size <= Self.largest else { return }
        contents.withLock { [state] contents in
            contents.lastNumber += 1
            contents.entries[state.agent.id] = Entry(state: state, number: contents.lastNumber)
            guard contents.entries.count > limit,
                let oldest = contents.entries.min(by: { $0.value.number < $1.value.number })
            else { return }
            contents.entries[oldest.key] = nil
        }
    }
}
