import JSON
import LettaAPI
import Storage

/// The rules of folders and their files: a name is unique in an organization, and a file's name in its folder.
struct FolderService: Sendable {
    let core: Core
    let models: ModelService
    let queue: EmbeddingQueue

    func list(_ query: ListFolders, as scope: Scope) async throws -> Page<Folder> {
        try KeyText.check("name", query.name, in: "query")
        return try await core.storage.read(as: scope) { db in try FolderStore.page(query, db) }
    }

    func count(as scope: Scope) async throws -> Int {
        try await core.storage.read(as: scope) { db in try db.count(FolderStore.table, where: []) }
    }

    func totals(_ query: FolderStatisticsQuery, as scope: Scope) async throws -> FolderTotals {
        try await core.storage.read(as: scope) { db in
            var totals = try FolderStore.totals(db)
            guard query.includeDetailedPerSourceMetadata == true else { return totals }
            let files = try FolderStore.statistics(db)
            totals.sources = try db.fetchAll(FolderStore.table, where: "TRUE", orderBy: "created_at, id")
                .map { FolderStatistics(of: $0, files: files[$0.id] ?? []) }
            return totals
        }
    }

    func statistics(of id: ID<Folder>, as scope: Scope) async throws -> FolderStatistics {
        try await core.storage.read(as: scope) { db in
            let folder = try Self.folder(id, db)
            return FolderStatistics(of: folder, files: try FolderStore.statistics(of: id, db)[id] ?? [])
        }
    }

    func id(named name: String, as scope: Scope) async throws -> ID<Folder> {
        try await core.storage.read(as: scope) { db in
            guard let folder = try FolderStore.find(named: name, db) else {
                throw APIError(404, "Source with name=\(name) not found.")
            }
            return folder.id
        }
    }

    func retrieve(_ id: ID<Folder>, as scope: Scope) async throws -> Folder {
        try await core.storage.read(as: scope) { db in try Self.folder(id, db) }
    }

    func create(_ body: CreateFolder, as scope: Scope) async throws -> Folder {
        try KeyText.check("name", body.name)
        let embedding = try await embedding(for: body, as: scope)
        var folder = Folder(
            id: core.ids.next(), name: body.name, embeddingConfig: embedding.map { Document($0) },
            organizationID: scope.organization, createdAt: core.now())
        folder.description = body.description
        folder.instructions = body.instructions
        folder.metadata = body.metadata
        folder.createdByID = scope.user
        folder.lastUpdatedByID = scope.user
        return try await core.storage.write(as: scope) { [folder] db in
            try Self.checkNameIsFree(folder, db)
            try db.insert(folder, into: FolderStore.table)
            return folder
        }
    }

    /// The model that the request names, else the default one; nil where there is none: the files are found by their words
    /// then.
    private func embedding(for body: CreateFolder, as scope: Scope) async throws -> EmbeddingConfig? {
        var config = body.embeddingConfig
        if let config { try models.check(config) }
        if config == nil, let handle = body.embedding { config = try await models.embeddingModel(handle, as: scope) }
        if config == nil { config = try await models.defaultEmbeddingModel(as: scope) }
        if let size = body.embeddingChunkSize { config?.embeddingChunkSize = size }
        return config
    }

    func update(_ id: ID<Folder>, applying change: UpdateFolder, as scope: Scope) async throws -> Folder {
        try KeyText.check("name", change.name.value)
        if let config = change.embeddingConfig.value { try models.check(config) }
        let time = core.now()
        let changed = try await core.storage.write(as: scope) { db in
            let old = try Self.folder(id, locking: true, db)
            var folder = old
            change.name.apply(to: &folder.name)
            change.description.apply(to: &folder.description)
            change.instructions.apply(to: &folder.instructions)
            change.metadata.apply(to: &folder.metadata)
            if let config = change.embeddingConfig.value { try Self.change(&folder, to: config, at: time, db) }
            guard folder != old else { return old }
            if folder.name != old.name { try Self.checkNameIsFree(folder, db) }
            folder.lastUpdatedByID = scope.user
            folder.updatedAt = max(time, folder.updatedAt)
            try db.update(folder, in: FolderStore.table)
            try AgentFolderService.filesChanged(of: try AgentFileStore.agents(with: id, db), db)
            return folder
        }
        if change.embeddingConfig.value != nil { queue.wake() }
        return changed
    }

    /// Files are embedded anew by another model. The folder shows it as soon as it is searched.
    private static func change(
        _ folder: inout Folder, to config: EmbeddingConfig, at time: Timestamp, _ db: Transaction
    ) throws {
        let old = try folder.embeddingConfig?.content()
        guard old?.isSameModel(as: config) != true else {
            folder.embeddingConfig = Document(config)
            return
        }
        try PassageEmbeddingService.begin(config, for: .folder(folder.id), at: time, db)
        folder.embeddingConfig = try Self.folder(folder.id, db).embeddingConfig
    }

    func delete(_ id: ID<Folder>, as scope: Scope) async throws {
        try await core.storage.deleteInPieces(as: scope) { db, limit in
            try FolderStore.deletePassages(of: try Self.folder(id, locking: true, db).id, limit: limit, db)
        }
        var isDeleted = false
        while !isDeleted {
            isDeleted = try await core.storage.write(as: scope) { db in
                // Agents are locked before folders: an agent that is given another folder meanwhile keeps the file tools.
                let locked = try db.fetch(AgentStore.table, try AgentFileStore.agents(with: id, db), locking: true)
                _ = try Self.folder(id, locking: true, db)
                let agents = try AgentFileStore.agents(with: id, db)
                // One more agent was given the folder before it was locked: begin again.
                guard Set(agents).isSubset(of: locked.map(\.id)) else { return false }
                try FolderStore.delete(id, db)
                try AgentFolderService.detachFileTools(from: agents, db)
                try AgentFolderService.filesChanged(of: agents, db)
                return true
            }
        }
    }

    /// The ids of the agents that have the folder.
    func agents(with id: ID<Folder>, _ query: ListRelated, as scope: Scope) async throws -> Page<String> {
        let request = try PageRequest(query)
        return try await core.storage.read(as: scope) { db in
            _ = try Self.folder(id, db)
            return try AgentStore.page(request, where: AgentFileStore.has(id, db), db).map(\.id.rawValue)
        }
    }

    // MARK: Files

    func files(
        of id: ID<Folder>, _ query: ListFiles, _ order: PageOrder, as scope: Scope
    ) async throws -> Page<FileMetadata> {
        try await core.storage.read(as: scope) { db in
            _ = try Self.folder(id, db)
            let page = try FolderStore.page(query, of: id, order, db)
            guard query.includeContent == true else { return page }
            let contents = try FolderStore.contents(of: page.items.map(\.id), db)
            return page.map { file in
                var file = file
                file.content = contents[file.id]
                return file
            }
        }
    }

    func file(_ path: NestedPath<Folder, FileMetadata>, _ query: RetrieveFile, as scope: Scope) async throws
        -> FileMetadata
    {
        try await core.storage.read(as: scope) { db in
            var file = try Self.file(path, db)
            if query.includeContent == true { file.content = try FolderStore.contents(of: [file.id], db)[file.id] }
            return file
        }
    }

    /// Deletes a file with its passages and takes it from every agent.
    func deleteFile(_ path: NestedPath<Folder, FileMetadata>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.folder(path.outer, locking: true, db)
            try FolderStore.delete(try Self.file(path, db).id, db)
            try AgentFolderService.filesChanged(of: try AgentFileStore.agents(with: path.outer, db), db)
        }
    }

    func passages(
        of id: ID<Folder>, _ query: ListRelated, _ order: PageOrder, as scope: Scope
    ) async throws -> Page<Passage> {
        try await core.storage.read(as: scope) { db in
            let folder = try Self.folder(id, db)
            let page = try FolderStore.page(query, ofPassagesOf: id, order, db)
            let files = try db.fetch(FolderStore.files, page.items.compactMap(\.fileID).withoutDuplicates)
            let names = Dictionary(uniqueKeysWithValues: files.map { ($0.id.rawValue, $0.fileName) })
            return page.map { passage in
                var passage = passage
                passage.fileName = passage.fileID.flatMap { names[$0] }.map { "\(folder.name)/\($0)" }
                return passage
            }
        }
    }
}

extension FolderService {
    /// Adds a file to a folder, and to the agents that have it, closed.
    static func add(_ file: FileMetadata, content: String?, ids: IDSource, _ db: Transaction) throws {
        _ = try folder(file.sourceID, locking: true, db)
        try FolderStore.insert(file, content: content, db)
        let agents = try AgentFileStore.agents(with: file.sourceID, db)
        let rows = agents.map { agent in
            AgentFileRow(id: ids.next(), agent: agent, file: file.id, folder: file.sourceID, at: file.createdAt)
        }
        try db.insert(rows, into: AgentFileStore.table)
        try AgentFolderService.filesChanged(of: agents, db)
    }

    static func folder(_ id: ID<Folder>, locking: Bool = false, _ db: Transaction) throws -> Folder {
        guard let folder = try db.fetch(FolderStore.table, id, locking: locking) else {
            throw APIError.notFound("Folder", id)
        }
        return folder
    }

    private static func file(_ path: NestedPath<Folder, FileMetadata>, _ db: Transaction) throws -> FileMetadata {
        guard let file = try FolderStore.file(path.inner, of: path.outer, db) else {
            throw APIError.notFound("File", path.inner)
        }
        return file
    }

    private static func checkNameIsFree(_ folder: Folder, _ db: Transaction) throws {
        guard try FolderStore.find(named: folder.name, db) == nil else {
            throw APIError.conflict("A folder with the name '\(folder.name)' exists already. Use another name.")
        }
    }
}
