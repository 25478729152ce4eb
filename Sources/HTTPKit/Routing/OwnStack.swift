/// Runs `body` in a child task.
///
/// A task frees the frames of its asynchronous functions when it ends. A child task frees those of a request's
/// opening phase before the long phase of the request, such as streaming, begins.
func withOwnStack<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
