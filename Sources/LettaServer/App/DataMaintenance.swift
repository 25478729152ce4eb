import FoundationEssentials
package import Logging
import Storage

/// What can be done with the data of a server from the command line.
package struct DataMaintenance: Sendable {
    private let configuration: ServerConfiguration
    private let folder: DataFolder
    private let logger: Logger

    /// - Parameter makesDatabase: whether a database that is not there is made, and not refused: a folder that is
    ///   misspelt must not look like an empty server.
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

    /// Which version the database has and what is missing, in words.
    package func migrationStatus() async throws -> String {
        try await withStorage { storage in
            let status = try await ServerStorage.migrator.status(of: storage)
            let missing = status.pending.map { "missing: \($0)" }
            return (["version \(status.current) of \(status.latest)"] + missing).joined(separator: "\n")
        }
    }

    /// Brings the database up to date while no server uses it, and returns the names of what was applied.
    package func migrate() async throws -> [String] {
        try folder.lock()
        return try await withStorage { storage in try await ServerStorage.migrate(storage, folder: folder) }
    }

    /// Writes a consistent copy to a file that is not there yet; a server may go on serving.
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
