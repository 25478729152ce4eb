/// Gives `operation` a limited time, and cancels it when the time is over.
///
/// Throws ``LettaClientError/timeout`` then. It returns only after the operation ended, so the operation must obey
/// cancellation.
func withDeadline<Value: Sendable>(
    _ duration: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await ContinuousClock().sleep(for: duration)
            throw LettaClientError.timeout
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
