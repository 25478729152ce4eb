import LettaAPI
import Synchronization

/// Owns the turns that run, apart from the requests that asked for them.
final class TurnWorker: Sendable {
    private struct State {
        var turns: [ID<Run>: (control: TurnControl, task: Task<Void, Never>)] = [:]
        /// What is done after turns, under numbers of its own.
        var followUps: [Int: Task<Void, Never>] = [:]
        var nextNumber = 0
        var isClosing = false
    }

    private let state = Mutex(State())

    /// Starts a turn that nobody's leaving stops; `work` runs to its own end.
    ///
    /// - Returns: false when the server is about to stop and takes no more.
    func start(_ control: TurnControl, _ work: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosing else { return false }
            let task = Task { [self] in
                await work()
                _ = self.state.withLock { $0.turns.removeValue(forKey: control.run) }
            }
            state.turns[control.run] = (control, task)
            return true
        }
    }

    /// Starts what is to be done after a turn; only the end of the server stops it.
    ///
    /// - Returns: false when the server is about to stop and takes no more.
    func startFollowUp(_ work: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosing else { return false }
            let number = state.nextNumber
            state.nextNumber += 1
            state.followUps[number] = Task { [self] in
                await work()
                _ = self.state.withLock { $0.followUps.removeValue(forKey: number) }
            }
            return true
        }
    }

    func control(of run: ID<Run>, in organization: String) -> TurnControl? {
        state.withLock { $0.turns[run]?.control }.flatMap { $0.organization == organization ? $0 : nil }
    }

    func controls(of agent: ID<AgentState>, in organization: String) -> [TurnControl] {
        state.withLock { state in
            state.turns.values.map(\.control).filter { $0.agent == agent && $0.organization == organization }
        }
    }

    /// Stops the turns: what waits for a model or a tool gives up, what is being stored is stored.
    func cancel(_ controls: [TurnControl]) {
        let tasks = state.withLock { state in controls.compactMap { state.turns[$0.run]?.task } }
        for control in controls { control.cancel() }
        for task in tasks { task.cancel() }
    }

    /// Takes no more turns, asks the running ones to stop, and waits for them.
    func close() async {
        let (running, followUps) = state.withLock { state in
            state.isClosing = true
            return (Array(state.turns.values), Array(state.followUps.values))
        }
        cancel(running.map(\.control))
        for task in followUps { task.cancel() }
        for turn in running { await turn.task.value }
        for task in followUps { await task.value }
    }
}
