/// Runs `body` to its end although the caller's task is cancelled: for what has to be stored whatever happens.
func shieldedFromCancellation<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await Task { try await body() }.value
}
