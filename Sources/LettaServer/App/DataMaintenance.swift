import FoundationEssentials
package import Logging
import Storage

/// Maintains the data of a server from the command line.
package struct DataMaintenance: Sendable {
    private let configuration: ServerConfiguration
    private let folder: DataFolder
    private let logger: Logger

    /// - Parameter makesDatabase: whether a missing database is created instead of rejected: a misspelt folder must not
    ///   look like an empty server.
    /// - Throws: `StartUpFailure` when the data folder can't be used.
    package init(_ configuration: ServerConfiguration, makesDatabase: Bool = false, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let isThere = FileManager.default.fileExists(atPath: DataFolder.database(in: configuration.data.folder))
        guard isThere || makesDatabase || configuration.data.postgresURI != nil else {
            throw StartUpFailure.dataFolderUnusable(configuration.data.folder, reason: "there is no database in it")
        }
        folder = try DataFolder(path: configuration.data.folder)
    }

    /// The version of the database and its pending migrations, as text.
    package func migrationStatus() async throws -> String {
        try await withStorage { storage in
            let status = try await ServerStorage.migrator.status(of: storage)
            let missing = status.pending.map { "missing: \($0)" }
            return (["version \(status.current) of \(status.latest)"] + missing).joined(separator: "\n")
        }
    }

    /// Applies the pending migrations while no server uses the database, and returns their names.
    package func migrate() async throws -> [String] {
        try folder.lock()
        return try await withStorage { storage in
            try await ServerStorage.migrate(storage, folder: folder, logger: logger)
        }
    }

    /// Writes a consistent copy to a new file; a server may use the database meanwhile.
    package func backup(to file: String) async throws {
        try await withStorage { storage in
            do {
                try await storage.backup(to: file)
            } catch let failure as SQLFailure {
                throw StartUpFailure.storage("No backup was written: \(failure.message)")
            }
        }
    }

    private func withStorage<Result: Sendable>(
        _ body: @Sendable (any StorageEngine) async throws -> Result
    ) async throws -> Result {
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        do {
            let result = try await body(storage)
            await storage.close()
            return result
        } catch {
            await storage.close()
            throw error
        }
    }
}
