import JSON
import LettaAPI
import Storage

/// Moves agents between servers as files.
struct AgentFileService: Sendable {
    let core: Core
    let models: ModelService
    let secrets: SecretBox
    var approvals = ApprovalPolicy()
    /// Says that texts wait to be divided into passages and embedded, and embedding models to be looked for; at the next
    /// start all that is done anyway.
    var wakeReaders: @Sendable () -> Void = {}

    /// In bytes, with the rest of the form.
    static let largestUpload = 128 << 20

    // MARK: Export

    /// The file as text: a long history is put into words on a thread of the database.
    func export(
        _ agents: [ID<AgentState>], _ options: AgentExporter.Options = .init(), as scope: Scope
    ) async throws -> RawJSON {
        try Self.check(options.skills)
        let time = core.now()
        return try await core.storage.read(as: scope) { db in
            RawJSON(try AgentExporter.document(of: agents, options, at: time, db))
        }
    }

    private static func check(_ skills: [AgentFileDocument.SkillEntry]) throws {
        for skill in skills where skill.files?["SKILL.md"] == nil && skill.sourceURL == nil {
            throw APIError.invalidField(
                "skills", "the skill '\(skill.name)' needs files with SKILL.md, or a source_url",
                input: .string(skill.name))
        }
    }

    // MARK: Import

    /// What an import created.
    struct Outcome: Sendable {
        var agents: ImportedAgents
        /// What was to be stored of each agent.
        var sums: [ID<AgentState>: LettaImportReport.Agent.Content]
    }

    /// Creates the agents of a file, all or nothing.
    ///
    /// - Parameters:
    ///   - ids: those that stay as they are; everything else gets new ones.
    ///   - digest: under which the file is noted as imported.
    func run(
        _ document: AgentFileDocument, _ options: ImportOptions, keeping ids: AgentImport.KeptIDs = .init(),
        noting digest: String? = nil, as scope: Scope
    ) async throws -> Outcome {
        var file = try await file(document, options, as: scope)
        file.kept = ids
        let time = core.now()
        defer { wakeReaders() }
        return try await core.storage.write(as: scope) { [core, secrets, approvals, file] db in
            var importer = AgentImporter(
                file, core: core, secrets: secrets, approvals: approvals, at: time, db)
            let ids = try importer.run()
            if let digest { try AgentTransferStore.note(ids, ofFile: digest, db) }
            let owners =
                importer.archives.values.map { .passages(.archive($0)) }
                + importer.folders.values.map { .passages(.folder($0)) } + ids.map(ImportedEmbeddingStore.Owner.agent)
            for owner in owners { try ImportedEmbeddingStore.add(owner, db) }
            return Outcome(agents: ImportedAgents(ids, warnings: importer.warnings), sums: importer.sums)
        }
    }

    /// What ``run(_:_:noting:as:)`` would create.
    func preview(
        _ document: AgentFileDocument, _ options: ImportOptions, as scope: Scope
    ) async throws -> ImportedAgents {
        let file = try await file(document, options, as: scope)
        return try await core.storage.read(as: scope) { db in
            ImportedAgents([], warnings: [], preview: try ImportPreview(file, db))
        }
    }

    func file(
        _ document: AgentFileDocument, _ options: ImportOptions, as scope: Scope
    ) async throws -> AgentImport {
        var settings = AgentImport.Settings()
        settings.name = options.name ?? options.overrideName
        settings.appendsCopySuffix = options.appendCopySuffix ?? true
        settings.overridesTools = options.overrideExistingTools ?? true
        settings.stripsMessages = options.stripMessages ?? false
        settings.projectID = options.projectID
        settings.secrets = try Self.secrets(options)
        if let handle = options.model ?? options.overrideModelHandle {
            settings.model = try await models.languageModel(handle, as: scope)
        }
        if let handle = options.embedding ?? options.overrideEmbeddingHandle {
            settings.embedding = try await models.embeddingModel(handle, as: scope)
        }
        var document = document
        for index in document.agents.indices {
            document.agents[index].agent = try await withModels(
                document.agents[index].agent, settings, "agents.\(index)", as: scope)
        }
        return try AgentImport(document, settings)
    }

    /// The agent with its model's configuration: the file's, that of a handle in the file, or the request's.
    private func withModels(
        _ agent: CreateAgent, _ settings: AgentImport.Settings, _ place: String, as scope: Scope
    ) async throws -> CreateAgent {
        var agent = agent
        if agent.llmConfig == nil, settings.model == nil, let handle = agent.model {
            agent.llmConfig = try await models.languageModel(handle, as: scope)
        }
        if var model = settings.model {
            if let old = agent.llmConfig {
                model.contextWindow = min(old.contextWindow, model.contextWindow)
                model.putInnerThoughtsInKwargs = old.putInnerThoughtsInKwargs
                model.enableReasoner = old.enableReasoner
            }
            agent.llmConfig = model
        }
        if agent.embeddingConfig == nil, settings.embedding == nil, let handle = agent.embedding {
            agent.embeddingConfig = try await models.embeddingModel(handle, as: scope)
        }
        agent.embeddingConfig = settings.embedding ?? agent.embeddingConfig
        try AgentImport.within(place) {
            if let config = agent.llmConfig { try models.check(config) }
            if let config = agent.embeddingConfig { try models.check(config) }
        }
        return agent
    }

    private static func secrets(_ options: ImportOptions) throws -> [String: String] {
        var secrets: [String: String] = [:]
        for (field, text) in [("env_vars_json", options.envVarsJSON), ("secrets", options.secrets)] {
            guard let text, !text.isEmpty else { continue }
            guard let object = (try? JSONParser(options: [.removeNUL, .replaceLoneSurrogates]).parse(text))?.object,
                object.allSatisfy({ $0.value.string != nil })
            else {
                throw APIError(
                    400, "\(field) must be a JSON object with texts as values, such as {\"KEY\": \"value\"}.")
            }
            try EnvironmentName.check(field, object.keys)
            for (name, value) in object { secrets[name] = value.string }
        }
        return secrets
    }
}
