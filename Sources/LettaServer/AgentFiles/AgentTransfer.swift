import Crypto
import FoundationEssentials
import JSON
import LettaAPI
package import Logging
import ModelProviders
import Storage

/// Moves all agents of a server from the command line, without a running server.
package struct AgentTransfer: Sendable {
    /// What became of one file.
    package enum Outcome: Sendable {
        case imported(agents: Int, warnings: [String])
        case importedBefore(agents: Int)
        case failed(reason: String)
    }

    private let storage: any StorageEngine
    private let transport: ProviderTransport
    private let directory: ModelDirectory
    private let userProviders: UserProviders
    private let files: AgentFileService
    private let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)

    /// In bytes.
    private static let largestFile = 1 << 30

    private init(
        _ configuration: ServerConfiguration, storage: any StorageEngine, keys: [String], logger: Logger
    ) {
        let secrets = SecretBox(passphrases: keys)
        let core = Core(storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: logger)
        let transport = ProviderTransport(modelHosts: configuration.allowedModelHosts)
        self.storage = storage
        self.transport = transport
        directory = ModelDirectory(providers: configuration.clients(transport: transport))
        userProviders = UserProviders(core: core, secrets: secrets, transport: transport)
        let models = ModelService(
            directory: directory, userProviders: userProviders, transport: transport, logger: logger)
        files = AgentFileService(core: core, models: models, secrets: secrets)
    }

    /// Passes `body` the agents of a server that may run meanwhile.
    ///
    /// - Throws: `StartUpFailure` when there is no database, or one of another version.
    package static func reading<Result: Sendable>(
        _ configuration: ServerConfiguration, logger: Logger, _ body: (AgentTransfer) async throws -> Result
    ) async throws -> Result {
        let isThere = FileManager.default.fileExists(atPath: DataFolder.database(in: configuration.data.folder))
        guard isThere || configuration.data.postgresURI != nil else {
            throw StartUpFailure.dataFolderUnusable(configuration.data.folder, reason: "there is no database in it")
        }
        let folder = try DataFolder(path: configuration.data.folder)
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        let transfer = AgentTransfer(configuration, storage: storage, keys: [], logger: logger)
        return try await transfer.closing {
            let status = try await ServerStorage.migrator.status(of: storage)
            guard status.pending.isEmpty else {
                throw StartUpFailure.storage(
                    "The database has version \(status.current), this program needs \(status.latest). Start the server, or run letta-server migrate up."
                )
            }
            return try await body(transfer)
        }
    }

    /// Passes `body` a database that no server uses, migrated and with its base tools.
    ///
    /// - Throws: `StartUpFailure`.
    package static func writing<Result: Sendable>(
        _ configuration: ServerConfiguration, logger: Logger, _ body: (AgentTransfer) async throws -> Result
    ) async throws -> Result {
        let folder = try DataFolder(path: configuration.data.folder)
        try folder.lock()
        let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
        do {
            let keys = try await LettaApplication.prepare(storage, configuration, folder, logger: logger)
            try await storage.write { db in
                try KeyCheckStore.verify(SecretBox(passphrases: keys), db, logger)
                try AccountService.seedTools(ids: .random, at: .now, db)
            }
            let transfer = AgentTransfer(configuration, storage: storage, keys: keys, logger: logger)
            return try await transfer.closing { try await body(transfer) }
        } catch {
            await storage.close()
            throw error
        }
    }

    private func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await directory.close()
        await userProviders.close()
        // Nothing is under way any more that a failure could concern.
        try? await transport.shutdown()
        await storage.close()
        return try result.get()
    }

    // MARK: Export

    /// Writes a file for each set of agents that are in one group or share a block or a folder, named by its oldest
    /// agent. A file that is there is replaced.
    ///
    /// - Parameter report: gets the number of the file, the number of all files, its path and its agents.
    package func exportAll(
        to folder: String, report: (_ number: Int, _ count: Int, _ path: String, _ agents: Int) -> Void
    ) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let sets = try await storage.read(as: scope) { db in try AgentSets(db).sets }
        for (index, agents) in sets.enumerated() {
            let json = try await files.export(agents, as: scope)
            let path = "\(folder)/\(agents[0]).af"
            try Data(json.text.utf8).write(to: URL(filePath: path), options: .atomic)
            report(index + 1, sets.count, path, agents.count)
        }
    }

    // MARK: Import

    /// Imports a file in either format, unless its agents are here already.
    package func importFile(_ path: String) async -> Outcome {
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= Self.largestFile else {
                return .failed(reason: "the file has more than \(Self.largestFile) bytes")
            }
            let bytes = Array(try Data(contentsOf: URL(filePath: path)))
            let digest = SHA256.hash(data: bytes).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            let known = try await storage.read(as: scope) { db in try AgentTransferStore.agents(ofFile: digest, db) }
            guard known.isEmpty else { return .importedBefore(agents: known.count) }
            let object = try AgentFileReader.object(bytes)
            let document = try AgentFileReader.document(
                FlatAgentFile.isFlat(object) ? FlatAgentFile.converted(object) : object)
            var options = ImportOptions()
            options.appendCopySuffix = false
            let imported = try await files.run(document, options, noting: digest, as: scope)
            return .imported(agents: imported.agentIDs.count, warnings: imported.warnings ?? [])
        } catch let error as APIError {
            return .failed(reason: error.explanation)
        } catch {
            return .failed(reason: "\(error)")
        }
    }
}

/// The sets of agents that one file has to hold, so that what they share remains shared.
struct AgentSets {
    /// In order of their oldest agents, which come first in their sets.
    let sets: [[ID<AgentState>]]

    init(_ db: Transaction) throws {
        let agents = try AgentTransferStore.agents(db)
        let groups = try AgentTransferStore.groups(db).map(GroupService.agents)
        self.init(agents, joined: groups + (try AgentTransferStore.sharing(db)))
    }

    init(_ agents: [ID<AgentState>], joined: [[ID<AgentState>]]) {
        let places = Dictionary(uniqueKeysWithValues: agents.enumerated().map { ($1, $0) })
        // Each agent leads to an older one of its set, the oldest to itself.
        var older = Array(agents.indices)
        func oldest(_ place: Int) -> Int {
            var place = place
            while older[place] != place {
                older[place] = older[older[place]]
                place = older[place]
            }
            return place
        }
        for set in joined {
            let members = set.compactMap { places[$0] }
            guard let first = members.first else { continue }
            for member in members.dropFirst() {
                let (left, right) = (oldest(first), oldest(member))
                older[max(left, right)] = min(left, right)
            }
        }
        let grouped = Dictionary(grouping: agents.indices, by: oldest)
        sets = grouped.keys.sorted().map { (grouped[$0] ?? []).map { agents[$0] } }
    }
}
