import LettaAPI
import Synchronization

/// Stops asking for summaries of an agent's messages after repeated failures, so that each of its messages need not wait
/// for another one. Contexts are then compacted without a model.
final class CompactionBreaker: Sendable {
    private struct State {
        var failures = 0
        /// The compactions that are still made without a model.
        var pause = 0
    }

    /// The failures in a row that open the breaker.
    static let limit = 3
    /// The compactions without a model until the next attempt.
    static let pause = 10
    /// How many agents are remembered.
    private static let memory = 10_000

    private let states = Mutex<[ID<AgentState>: State]>([:])

    /// Whether a model may be asked. Counts the compaction when it may not.
    func mayAsk(for agent: ID<AgentState>) -> Bool {
        states.withLock { states in
            guard var state = states[agent], state.pause > 0 else { return true }
            state.pause -= 1
            states[agent] = state
            return false
        }
    }

    func succeeded(_ agent: ID<AgentState>) {
        _ = states.withLock { $0.removeValue(forKey: agent) }
    }

    /// - Returns: whether this failure opened the breaker.
    func failed(_ agent: ID<AgentState>) -> Bool {
        states.withLock { states in
            if states.count >= Self.memory, states[agent] == nil { states = [:] }
            var state = states[agent] ?? State()
            state.failures += 1
            let opens = state.failures >= Self.limit
            if opens { state = State(failures: Self.limit - 1, pause: Self.pause) }
            states[agent] = state
            return opens
        }
    }
}
