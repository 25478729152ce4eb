/// Forwards the calls of turns that still expect a commit before the fsync to ``StorageEngine/write(_:)``.
///
/// Delete this file with the last of its callers.
extension StorageEngine {
    @discardableResult
    package func write<T: Sendable>(
        quietly: Bool, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> T {
        try await write(body)
    }

    /// Not cancellable: a cancelled turn stores its end with it.
    package func commit<T: Sendable>(
        quietly: Bool, _ body: @escaping @Sendable (any SQLExecutor) throws -> T
    ) async throws -> Committed<T> {
        let work: @Sendable () async throws -> T = { try await write(body) }
        return Committed(value: try await Task(operation: work).value)
    }
}

extension SQLExecutor {
    package func mark() throws(SQLFailure) -> DatabaseMark? { nil }
}

package struct DatabaseMark: Hashable, Sendable {}

package struct Committed<Value: Sendable>: Sendable {
    package let value: Value

    package var settle: @Sendable () async throws -> Void { {} }
}
