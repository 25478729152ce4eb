package import Logging
import ModelProviders
import Storage

extension LettaApplication {
    /// Opens what a configuration names: the data folder with its lock, the database, the keys.
    ///
    /// - Throws: `StartUpFailure`.
    package static func open(_ configuration: ServerConfiguration, logger: Logger) async throws -> LettaApplication {
        let folder = try DataFolder(path: configuration.data.folder)
        try folder.lock()
        // A server that can't listen must not migrate the database.
        try await ListeningAddress(configuration).check()
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        do {
            for name in try await ServerStorage.migrate(storage, folder: folder) {
                logger.notice("Migrated the database", metadata: ["migration": "\(name)"])
            }
            return try await LettaApplication(
                configuration, storage: storage, encryptionKeys: try keys(configuration, folder), logger: logger)
        } catch {
            await storage.close()
            throw error
        }
    }

    /// The keys of the configuration, the newest first, or else the one in the data folder.
    private static func keys(_ configuration: ServerConfiguration, _ folder: DataFolder) throws -> [String] {
        guard let given = configuration.data.encryptionKeys?.reveal() else { return [try folder.encryptionKey()] }
        let keys = given.split(separator: ",").map(String.init).filter { !$0.isEmpty }
        guard !keys.isEmpty, keys.count <= 2 else {
            throw StartUpFailure.invalidSetting("LETTA_ENCRYPTION_KEY takes one key, or two separated by a comma.")
        }
        return keys
    }
}
