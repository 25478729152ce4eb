/// Runs `body` to its end although the caller's task is cancelled: for writes that must not be lost to a cancellation.
func shieldedFromCancellation<Success: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () async throws(Failure) -> Success
) async throws(Failure) -> Success {
    let result = await Task { () -> Result<Success, Failure> in
        do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
    }.value
    return try result.get()
}
