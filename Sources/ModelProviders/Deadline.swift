/// Says that an operation did not end within the time it was given.
struct DeadlineExceeded: Error {}

/// Gives `operation` a limited time, and cancels it when the time is over.
///
/// Throws `DeadlineExceeded` then. It returns only after the operation ended, so the operation must obey cancellation.
func withDeadline<Value: Sendable>(
    _ duration: Duration, clock: any Clock<Duration>,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: duration)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}

/// Turns a clock into a function that tells the time since this call: something to store and compare without generics.
func stopwatch<Time: Clock<Duration>>(_ clock: Time) -> @Sendable () -> Duration {
    let start = clock.now
    return { start.duration(to: clock.now) }
}
