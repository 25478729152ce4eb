import EventStreams
import Synchronization

/// A reference count that callers can wait on to reach zero.
final class UseCount: Sendable {
    private let state = Mutex<(count: Int, idle: Latch?)>((0, nil))

    var isZero: Bool { state.withLock { $0.count == 0 } }

    func increment() {
        state.withLock { $0.count += 1 }
    }

    func decrement() {
        let idle = state.withLock { state -> Latch? in
            state.count -= 1
            guard state.count == 0 else { return nil }
            defer { state.idle = nil }
            return state.idle
        }
        idle?.open()
    }

    /// Returns once the count has been zero; it may have grown again since.
    ///
    /// - Throws: `CancellationError`.
    func waitForZero() async throws {
        let idle = state.withLock { state -> Latch? in
            guard state.count > 0 else { return nil }
            let idle = state.idle ?? Latch()
            state.idle = idle
            return idle
        }
        try await idle?.wait()
    }
}
