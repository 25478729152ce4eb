import Logging
import Storage
import StoragePostgres
import StorageSQLite

extension ServerStorage {
    /// Opens a database of Letta to read it: `postgresql://…`, in all spellings that Letta takes, or `sqlite:///path`.
    ///
    /// - Throws: `StartUpFailure` when it can't be opened.
    static func openLetta(_ address: String, logger: Logger) async throws -> any StorageEngine {
        do {
            guard address.hasPrefix("sqlite") else {
                return try await PostgresEngine(uri: address, connections: 2, logger: logger)
            }
            guard let path = path(address) else {
                throw StartUpFailure.invalidSetting("Name the file as sqlite:///absolute/path/to/sqlite.db.")
            }
            return try SQLiteEngine(reading: path)
        } catch let failure as SQLFailure {
            let advice =
                address.hasPrefix("sqlite")
                ? "Check the path \(path(address) ?? ""): sqlite:/// is followed by the absolute path."
                : "Check the address, and that the database runs."
            throw StartUpFailure.storage("The Letta database can't be opened: \(failure.message). \(advice)")
        }
    }

    /// The path in `sqlite:///path`, `sqlite:////path` or `sqlite+driver:///path`.
    private static func path(_ address: String) -> String? {
        guard let start = address.firstRange(of: "://")?.upperBound else { return nil }
        let path = address[start...]
        guard path.hasPrefix("/"), path.count > 1 else { return nil }
        return "/" + path.drop { $0 == "/" }
    }

    /// A database for a preview, which lasts as long as the engine.
    static func scratch() async throws -> any StorageEngine {
        let storage = SQLiteEngine.inMemory()
        do {
            _ = try await migrator.up(storage, keepingCopyIn: nil)
            try await storage.write { try AccountService.seedTools(ids: .random, at: .now, $0) }
        } catch {
            await storage.close()
            throw error
        }
        return storage
    }
}
