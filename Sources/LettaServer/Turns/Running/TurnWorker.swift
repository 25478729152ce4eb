import EventStreams
import LettaAPI
import Synchronization

/// Owns the running turns, independent of the requests that started them.
final class TurnWorker: TaskOwner, Sendable {
    private struct Turn {
        let control: TurnControl
        /// Nil until the turn starts.
        var task: Task<Void, Never>?
    }

    private struct State {
        var turns: [ID<Run>: Turn] = [:]
        /// Work after turns, under numbers of its own.
        var followUps: [Int: Task<Void, Never>] = [:]
        var lastNumber = 0
        var isClosing = false
    }

    private let state = Mutex(State())

    /// Whether turns run.
    var isBusy: Bool { state.withLock { !$0.turns.isEmpty } }

    /// Registers a turn, so that whoever sees its run can follow and cancel it. ``start(_:_:)`` or ``remove(_:)``
    /// follows.
    ///
    /// - Returns: false when the server is stopping and accepts no more turns.
    func register(_ control: TurnControl) -> Bool {
        state.withLock { state in
            guard !state.isClosing else { return false }
            state.turns[control.run] = Turn(control: control)
            return true
        }
    }

    /// Removes a turn that does not start.
    func remove(_ control: TurnControl) {
        _ = state.withLock { $0.turns.removeValue(forKey: control.run) }
    }

    /// Starts a registered turn. Client disconnects do not stop it.
    ///
    /// - Returns: false when the server is stopping; the turn is then removed.
    func start(_ control: TurnControl, _ work: @escaping @Sendable () async -> Void) -> Bool {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard !state.isClosing else {
                state.turns[control.run] = nil
                return nil
            }
            let task = Task { [self] in
                await work()
                remove(control)
            }
            state.turns[control.run] = Turn(control: control, task: task)
            return task
        }
        // Cancelled before the turn had a task.
        if control.isCancelled { task?.cancel() }
        return task != nil
    }

    /// Starts work that follows a turn; only the shutdown of the server stops it.
    ///
    /// - Returns: false when the server is stopping.
    func startFollowUp(_ work: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosing else { return false }
            state.lastNumber += 1
            let number = state.lastNumber
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

    /// Cancels the turns of the runs that are here.
    func cancel(_ runs: [ID<Run>]) {
        cancel(state.withLock { state in runs.compactMap { state.turns[$0]?.control } })
    }

    /// Tells another server of the events of a run from now on.
    func follow(_ run: ID<Run>, by server: String) {
        state.withLock { $0.turns[run]?.control }?.follow(by: server)
    }

    func cancelAll() {
        cancel(state.withLock { $0.turns.values.map(\.control) })
    }

    /// Cancels the turns: waits for a model or a tool end, writes complete.
    ///
    /// - Parameter reason: what the runs say; nil when a client wished it.
    func cancel(_ controls: [TurnControl], because reason: String? = nil) {
        // Flags first: a turn that starts meanwhile sees its flag.
        for control in controls { control.cancel(because: reason) }
        let tasks = state.withLock { state in controls.compactMap { state.turns[$0.run]?.task } }
        for task in tasks { task.cancel() }
    }

    /// Accepts no more turns, cancels the running ones, and waits for them.
    func close() async {
        let (turns, followUps) = state.withLock { state in
            state.isClosing = true
            return (Array(state.turns.values), Array(state.followUps.values))
        }
        cancel(turns.map(\.control))
        for task in followUps { task.cancel() }
        for turn in turns { await turn.task?.value }
        for task in followUps { await task.value }
    }
}
