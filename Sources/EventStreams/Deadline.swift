/// An operation did not end before its deadline.
package struct DeadlineExceeded: Error {
    package init() {}
}

/// Runs `operation` with a deadline, and cancels it when the deadline passes.
///
/// It returns only after the operation has ended, so the operation must obey cancellation.
///
/// - Parameter failure: the error to throw when the deadline passes.
package func withDeadline<Value: Sendable>(
    _ duration: Duration, clock: any Clock<Duration> = ContinuousClock(),
    throwing failure: any Error = DeadlineExceeded(), _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: duration)
            throw failure
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}

/// Returns a function that tells the time elapsed since this call, which can be stored and compared without generics.
package func stopwatch<Time: Clock<Duration>>(_ clock: Time) -> @Sendable () -> Duration {
    let start = clock.now
    return { start.duration(to: clock.now) }
}
