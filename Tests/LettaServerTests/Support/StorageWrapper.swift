import Storage

/// A database that does something of its own with some calls, and hands all others to the one beneath.
protocol StorageWrapper: StorageEngine {
    var base: any StorageEngine { get }
}

extension StorageWrapper {
    var dialect: Dialect { base.dialect }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
        try await base.write(body)
    }

    func backup(to path: String) async throws { try await base.backup(to: path) }

    func close() async { await base.close() }
}
