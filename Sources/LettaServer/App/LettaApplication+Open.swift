package import Logging
import ModelProviders
import Storage
import ToolRuntime

extension LettaApplication {
    /// Opens what a configuration names: the data folder with its lock, the database, the keys.
    ///
    /// - Throws: `StartUpFailure`.
    ///
    /// - Parameter log: what `logger` keeps.
    package static func open(
        _ configuration: ServerConfiguration, log: RecentLog = RecentLog(), logger: Logger
    ) async throws -> LettaApplication {
        try configuration.checkDoor()
        let certificate = try configuration.certificate()
        let folder = try DataFolder(path: configuration.data.folder)
        try folder.lock()
        // A server that can't listen must not migrate the database.
        try await ListeningAddress(configuration).check()
        try await ListeningAddress(ofDashboard: configuration)?.check()
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        do {
            if configuration.data.postgresURI == nil, try await ServerStorage.isNew(storage) {
                LettaTraces.point(out: folder, configuration, logger)
            }
            let keys = try await prepare(storage, configuration, folder, logger: logger)
            let controlGroups = ToolControlGroups()
            await controlGroups?.removeAbandoned()
            logger.info("Control groups for tools", metadata: ["delegated": "\(controlGroups != nil)"])
            var sandbox = await configuration.sandbox(controlGroups)
            sandbox.apiFolder = try ToolDoor.makeFolder()
            switch sandbox.walls {
            case .namespaces: break
            case .landlock: logger.notice("This machine allows no namespaces: Landlock alone holds tools back")
            case .none: logger.warning("Tools run without a sandbox: they may do what their user may")
            case .refused(let reason): logger.warning("Tools can't run here", metadata: ["reason": "\(reason)"])
            }
            let servers = try await join(storage, configuration, sandbox, logger: logger)
            return try await LettaApplication(
                configuration, storage: storage, encryptionKeys: keys, certificate: certificate,
                sandbox: sandbox, servers: servers, log: log, logger: logger)
        } catch {
            await storage.close()
            throw error
        }
    }

    /// Enters this server among those of a PostgreSQL database; nil on SQLite.
    private static func join(
        _ storage: any StorageEngine, _ configuration: ServerConfiguration, _ sandbox: ToolSandbox, logger: Logger
    ) async throws -> ServerMembership? {
        guard let engine = storage as? any SharedStorageEngine else { return nil }
        do {
            return try await ServerMembership.join(
                engine, address: configuration.http.socket ?? "\(configuration.http.host):\(configuration.http.port)",
                recovery: LeaderRecovery(installsPackages: sandbox.packagesFolder != nil), logger: logger)
        } catch let failure as SQLFailure {
            throw StartUpFailure.storage("The database can't be used: \(failure.message)")
        }
    }

    /// Checks the encryption keys, migrates the database, and returns the keys.
    ///
    /// - Throws: `StartUpFailure`.
    static func prepare(
        _ storage: any StorageEngine, _ configuration: ServerConfiguration, _ folder: DataFolder, logger: Logger
    ) async throws -> [String] {
        let keys = try keys(configuration, folder)
        let isNew = try await ServerStorage.isNew(storage)
        if isNew { try await LettaTraces.refuse(storage, configuration) }
        try await checkKeys(keys, storage, folder)
        let migrations = try await ServerStorage.migrate(storage, folder: folder, logger: logger)
        if isNew {
            logger.notice("Made the database", metadata: ["version": "\(migrations.count)"])
        } else {
            for name in migrations { logger.notice("Migrated the database", metadata: ["migration": "\(name)"]) }
        }
        return keys.isEmpty ? [try folder.createEncryptionKey()] : keys
    }

    /// Refuses a wrong key, or none for a database that was written with one, before anything changes.
    static func checkKeys(
        _ keys: [String], _ storage: any StorageEngine, _ folder: DataFolder
    ) async throws {
        let isNew = try await ServerStorage.isNew(storage)
        guard !isNew else { return }
        try await storage.read { db in
            guard try KeyCheckStore.isNeeded(db) else { return }
            guard !keys.isEmpty else { throw StartUpFailure.noEncryptionKey(file: folder.keyFile) }
            try KeyCheckStore.check(SecretBox(passphrases: keys), db)
        }
    }

    /// The keys of the configuration, the newest first, or else the one in the data folder; empty when there is none.
    static func keys(_ configuration: ServerConfiguration, _ folder: DataFolder) throws -> [String] {
        guard let given = configuration.data.encryptionKeys?.reveal() else {
            return try folder.storedEncryptionKey().map { [$0] } ?? []
        }
        let keys = given.split(separator: ",").map(String.init).filter { !$0.isEmpty }
        guard !keys.isEmpty, keys.count <= 2 else {
            throw StartUpFailure.invalidSetting("LETTA_ENCRYPTION_KEY takes one key, or two separated by a comma.")
        }
        return keys
    }
}
