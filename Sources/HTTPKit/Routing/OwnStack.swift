/// Runs `body` in a task of its own and waits for it.
///
/// The frames of asynchronous functions are kept for their task until it ends. What a long task does once at its
/// beginning, such as a request whose answer is a stream, leaves nothing behind this way.
func withOwnStack<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
