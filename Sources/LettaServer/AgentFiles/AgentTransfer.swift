import Crypto
import FoundationEssentials
import JSON
import LettaAPI
import LocalModels
package import Logging
import ModelProviders
import Storage

/// Moves all agents of a server from the command line, without a running server.
package struct AgentTransfer: Sendable {
    /// What became of one file.
    package enum Outcome: Sendable {
        case imported([LettaImportReport.Agent], warnings: [String])
        case importedBefore(agents: Int)
        /// What it would create, line by line.
        case previewed([String])
        case failed(reason: String)
    }

    /// A file that is about to be imported.
    package struct Source: Sendable {
        package var name: String
        /// Fetches its content when it is its turn.
        package var load: @Sendable () async throws -> Content

        package init(name: String, load: @escaping @Sendable () async throws -> Content) {
            self.name = name
            self.load = load
        }

        package struct Content: Sendable {
            package var bytes: [UInt8]
            /// The ids that agents of the file keep, by their ids within it.
            package var agentIDs: [String: String]
            /// The messages that keep the ids that they have in the file.
            package var messages: [String: Origin]
            /// The blocks, folders, files, archives and conversations that keep the ids that they have in the file.
            package var rows: Set<String>

            package init(
                bytes: [UInt8], agentIDs: [String: String] = [:], messages: [String: Origin] = [:],
                rows: Set<String> = []
            ) {
                self.bytes = bytes
                self.agentIDs = agentIDs
                self.messages = messages
                self.rows = rows
            }
        }

        /// The run and the step that a message comes from.
        package struct Origin: Sendable, Equatable {
            package var run: String?
            package var step: String?

            package init(run: String? = nil, step: String? = nil) {
                self.run = run
                self.step = step
            }
        }
    }

    let storage: any StorageEngine
    private let transport: ProviderTransport
    private let directory: ModelDirectory
    private let localRuntime: LocalRuntime?
    private let userProviders: UserProviders
    private let files: AgentFileService
    let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)

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
        localRuntime = configuration.makeLocalRuntime(transport: transport, logger: logger)
        directory = ModelDirectory(
            providers: configuration.clients(transport: transport) + [LocalModelProvider(runtime: localRuntime)])
        userProviders = UserProviders(core: core, secrets: secrets, transport: transport)
        let models = ModelService(
            directory: directory, userProviders: userProviders, transport: transport, logger: logger)
        files = AgentFileService(
            core: core, models: models, secrets: secrets, approvals: configuration.approvals)
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

    /// Passes `body` an empty database in memory, for previews.
    package static func previewing<Result: Sendable>(
        _ configuration: ServerConfiguration, logger: Logger, _ body: (AgentTransfer) async throws -> Result
    ) async throws -> Result {
        let storage = try await ServerStorage.scratch()
        let transfer = AgentTransfer(configuration, storage: storage, keys: ["preview"], logger: logger)
        return try await transfer.closing { try await body(transfer) }
    }

    private func closing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await directory.close()
        await userProviders.close()
        await localRuntime?.close()
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

    /// Reads a file.
    ///
    /// - Throws: `APIError` when it is too large.
    package static func read(_ path: String) throws -> Source.Content {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        guard size <= largestFile else { throw APIError(400, "The file has more than \(largestFile) bytes.") }
        return Source.Content(bytes: Array(try Data(contentsOf: URL(filePath: path))))
    }

    /// Imports a file in either format, unless its agents are here already.
    package func take(_ source: Source) async -> Outcome {
        do {
            let content = try await source.load()
            let digest = SHA256.hash(data: content.bytes).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            let kept = content.agentIDs.values.map { ID<AgentState>($0) }
            let known = try await storage.read(as: scope) { db in
                try AgentTransferStore.agents(ofFile: digest, db) + db.fetch(AgentStore.table, kept).map(\.id)
            }
            guard known.isEmpty else { return .importedBefore(agents: known.count) }
            let ids = AgentImport.KeptIDs(
                agents: content.agentIDs.mapValues { ID($0) }, messages: content.messages, rows: content.rows)
            let imported = try await files.run(
                Self.document(content), Self.options, keeping: ids, noting: digest, as: scope)
            return .imported(try await compared(imported), warnings: imported.agents.warnings ?? [])
        } catch {
            return .failed(reason: Self.reason(error))
        }
    }

    /// What was to be stored of each agent, and what is.
    private func compared(_ imported: AgentFileService.Outcome) async throws -> [LettaImportReport.Agent] {
        var agents: [LettaImportReport.Agent] = []
        for id in imported.agents.agentIDs {
            let name = try await storage.read(as: scope) { db in try AgentStore.row(id, db)?.name }
            agents.append(
                .init(
                    id: id.rawValue, name: name ?? "", there: imported.sums[id] ?? .init(),
                    here: try await AgentSum.stored(id, files.core, scope)))
        }
        return agents
    }

    /// What ``take(_:)`` would create.
    package func preview(_ source: Source) async -> Outcome {
        do {
            let content = try await source.load()
            let preview = try await files.preview(Self.document(content), Self.options, as: scope).preview
            return .previewed(preview?.lines ?? [])
        } catch {
            return .failed(reason: Self.reason(error))
        }
    }

    private static let options: ImportOptions = {
        var options = ImportOptions()
        options.appendCopySuffix = false
        return options
    }()

    private static func document(_ content: Source.Content) throws -> AgentFileDocument {
        let object = try AgentFileReader.object(content.bytes)
        return try AgentFileReader.document(FlatAgentFile.isFlat(object) ? FlatAgentFile.converted(object) : object)
    }

    /// Stores what comes beside the agents.
    var rowStore: LettaRows { LettaRows(core: files.core, box: files.secrets) }

    private static func reason(_ error: any Error) -> String {
        (error as? APIError)?.explanation ?? "\(error)"
    }
}

extension ImportPreview {
    /// The preview as text, line by line.
    fileprivate var lines: [String] {
        var lines: [String] = []
        for agent in agents {
            lines.append(
                "agent \(agent.name) (\(agent.agentType), \(agent.model ?? "no model")), \(agent.messages) messages")
        }
        for tool in tools where tool.sourceCode != nil || tool.action == .skip {
            let code = tool.sourceCode == nil ? "" : ", runs its own code"
            lines.append("tool \(tool.name): \(tool.action.rawValue)\(code)")
        }
        for server in mcpServers {
            lines.append("MCP server \(server.name) (\(server.reachedBy)): \(server.action.rawValue)")
        }
        for name in environmentVariables { lines.append("environment variable \(name)") }
        for access in network { lines.append("will call \(access.address) for \(access.reason)") }
        lines.append(
            """
            \(blocks) blocks, \(groups) groups, \(folders.count) folders, \(files) files, \(passages) passages, \
            \(conversations) conversations, \(identities.count) identities, \(skills.count) skills
            """)
        return lines
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

extension LettaImportReport {
    /// Adds what became of one file.
    ///
    /// - Parameter counts: whether files are all that tells how many agents there are.
    package mutating func add(_ outcome: AgentTransfer.Outcome, of source: AgentTransfer.Source, counts: Bool) {
        var part = LettaImportReport()
        var count = 0
        switch outcome {
        case .imported(let agents, _):
            part.agents = agents
            count = agents.count
        case .importedBefore(let agents): count = agents
        case .previewed: break
        case .failed(let reason): part.leaveOut("agents", source.name, reason)
        }
        if counts { part.counts = [.init(noun: "agents", there: count, here: count)] }
        add(part)
    }
}
