import Synchronization

/// Carries a task's cancellation to the thread that runs its statement.
package final class Interruption: Sendable {
    private struct State {
        var isCancelled = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    package var isCancelled: Bool {
        state.withLock { $0.isCancelled }
    }

    /// Runs `body`; while it runs, a cancellation calls `wake`. Never afterwards: `wake` may use what
    /// belongs to the next user of the connection. `wake` must not block and must not use this object.
    package func whileListening<T>(wake: @escaping @Sendable () -> Void, _ body: () throws -> T) rethrows -> T {
        state.withLock { $0.wake = wake }
        defer { state.withLock { $0.wake = nil } }
        return try body()
    }

    package func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.wake?()
        }
    }
}
