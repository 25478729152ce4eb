/// Runs `body` to completion although the caller's task is cancelled: for writes that a cancellation must not lose.
func shieldedFromCancellation<Success: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () async throws(Failure) -> Success
) async throws(Failure) -> Success {
    let result = await Task { () -> Result<Success, Failure> in
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }.value
    return try result.get()
}
