import Synchronization

/// What one task tells another, once.
final class Handover<Value: Sendable>: Sendable {
    private struct State {
        var given: Result<Value, any Error>?
        var waiter: CheckedContinuation<Value, any Error>?
    }

    private let state = Mutex(State())

    func give(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state in
            state.given = result
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }

    /// The value, or the error that was given in its place. For one task, which no cancellation wakes.
    func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let given = state.withLock { state in
                if state.given == nil { state.waiter = continuation }
                return state.given
            }
            if let given { continuation.resume(with: given) }
        }
    }
}
