import EventStreams
import Synchronization

/// Reads one after the other, each given up when it takes too long.
///
/// Each read is a task of its own, which the timer can end without ending the caller; the caller waits for it in any
/// case. A task and a timer for the deadline of each read would cost more than the read.
final class TimedReads: Sendable {
    private struct State {
        var current: (@Sendable () -> Void)?
        var isTooLate = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())

        /// Ends the read that is under way. While the reader takes its time there is none.
        func giveUp() {
            let cancel = state.withLock { state in
                if state.current != nil { state.isTooLate = true }
                return state.current
            }
            cancel?()
        }
    }

    private let shared = Shared()
    private let timer: SilenceTimer

    init(within limit: Duration, clock: any Clock<Duration>) {
        timer = SilenceTimer(after: limit, clock: clock) { [shared] in shared.giveUp() }
    }

    /// - Throws: `DeadlineExceeded` when the read was given up; `operation` has to obey cancellation.
    func read<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        timer.touch()
        let read = Task { try await operation() }
        shared.state.withLock { state in
            state.current = { read.cancel() }
            state.isTooLate = false
        }
        defer { shared.state.withLock { $0.current = nil } }
        do {
            return try await withTaskCancellationHandler {
                try await read.value
            } onCancel: {
                read.cancel()
            }
        } catch {
            throw shared.state.withLock(\.isTooLate) ? DeadlineExceeded() : error
        }
    }
}
