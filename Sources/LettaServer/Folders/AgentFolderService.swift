import AgentEngine
import LettaAPI
import Storage

/// The folders of agents, and the files in them that an agent has open.
struct AgentFolderService: Sendable {
    let core: Core

    func list(of agent: ID<AgentState>, _ query: ListRelated, as scope: Scope) async throws -> Page<Source> {
        try await core.storage.read(as: scope) { db in
            _ = try Self.agent(agent, db)
            return try db.page(
                FolderStore.table, query, defaultLimit: 100, where: [AgentFileStore.isAttached(to: agent, db)]
            ).map(Source.init)
        }
    }

    /// Attaches the folder, with the file tools that the agent lacks.
    func attach(_ folder: ID<Folder>, to agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        let time = core.now()
        return try await core.storage.write(as: scope) { [core] db in
            let row = try Self.agent(agent, locking: true, db)
            let isNew = try Self.attach(folder, to: row, ids: core.ids, at: time, db)
            return try Self.state(of: row, isChanged: isNew, at: time, db)
        }
    }

    /// Detaches the folder, and with the last one the file tools. Does nothing when it is not attached.
    func detach(_ folder: ID<Folder>, from agent: ID<AgentState>, as scope: Scope) async throws -> AgentState {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let row = try Self.agent(agent, locking: true, db)
            _ = try FolderService.folder(folder, db)
            let isAttached = try Self.detach(folder, from: agent, db)
            return try Self.state(of: row, isChanged: isAttached, at: time, db)
        }
    }

    // MARK: Files

    /// A page is an object, which is not sent in pieces.
    private static let largestPage = 1_000

    func files(of agent: ID<AgentState>, _ query: ListAgentFiles, as scope: Scope) async throws -> AgentFiles {
        var request = try PageRequest(query, defaultLimit: 100)
        request.after = query.after ?? query.cursor
        request.limit = min(request.limit ?? Self.largestPage, Self.largestPage)
        return try await core.storage.read(as: scope) { [request] db in
            _ = try Self.agent(agent, db)
            let page = try AgentFileStore.page(request, of: agent, isOpen: query.isOpen, db)
            var hasMore = false
            if let last = page.next {
                var rest = request
                if page.isBackwards { rest.before = last } else { rest.after = last }
                rest.limit = 1
                hasMore = try !AgentFileStore.page(rest, of: agent, isOpen: query.isOpen, db).items.isEmpty
            }
            return AgentFiles(try AgentFileStore.files(page.items, db), hasMore: hasMore)
        }
    }

    /// Opens a file, and closes those used longest ago where the agent may have no more open.
    ///
    /// - Returns: the names of the closed files.
    func open(_ file: ID<FileMetadata>, for agent: ID<AgentState>, as scope: Scope) async throws -> [String] {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            let limits = try Self.agent(agent, locking: true, db).fileLimits
            var row = try Self.row(file, of: agent, db)
            let others = try AgentFileStore.openFiles(of: agent, db).filter { $0.fileID != file }
            let closed = Array(others.prefix(max(0, others.count + 1 - limits.openFiles)))
            try AgentFileStore.close(closed.map(\.id), at: time, db)
            let content = try FolderStore.contents(of: [file], db)[file] ?? ""
            row.isOpen = true
            row.visibleContent = FileView(of: content, limit: limits.charactersPerFile).text
            row.startLine = nil
            row.endLine = nil
            row.lastAccessedAt = max(time, row.lastAccessedAt)
            row.updatedAt = row.lastAccessedAt
            try db.update(row, in: AgentFileStore.table)
            try Self.filesChanged(of: [agent], db)
            return try AgentFileStore.files(closed, db).map(\.fileName)
        }
    }

    func close(_ file: ID<FileMetadata>, for agent: ID<AgentState>, as scope: Scope) async throws -> MessageOutput {
        let time = core.now()
        try await core.storage.write(as: scope) { db in
            _ = try Self.agent(agent, locking: true, db)
            try AgentFileStore.close([try Self.row(file, of: agent, db).id], at: time, db)
            try Self.filesChanged(of: [agent], db)
        }
        return MessageOutput("File id=\(file) successfully closed")
    }

    func closeAll(of agent: ID<AgentState>, as scope: Scope) async throws -> [String] {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            _ = try Self.agent(agent, locking: true, db)
            let open = try AgentFileStore.openFiles(of: agent, db)
            try AgentFileStore.close(open.map(\.id), at: time, db)
            try Self.filesChanged(of: [agent], db)
            return try AgentFileStore.files(open, db).map(\.fileName)
        }
    }
}

extension AgentFolderService {
    /// Replaces the folders of an agent that the caller has locked.
    ///
    /// - Returns: whether they changed.
    /// - Throws: `APIError` 404 when one of them does not exist.
    static func replaceFolders(
        of agent: AgentRow, with ids: [ID<Folder>], source: IDSource, at time: Timestamp, _ db: Transaction
    ) throws -> Bool {
        let old = (try AgentFileStore.folders(of: [agent.id], db)[agent.id] ?? []).map(\.id)
        for id in Set(old).subtracting(ids) { _ = try detach(id, from: agent.id, db) }
        for id in ids.withoutDuplicates where !old.contains(id) {
            _ = try attach(id, to: agent, ids: source, at: time, db)
        }
        return Set(old) != Set(ids)
    }

    /// - Returns: false when the folder was attached already.
    private static func attach(
        _ id: ID<Folder>, to agent: AgentRow, ids: IDSource, at time: Timestamp, _ db: Transaction
    ) throws -> Bool {
        let folder = try FolderService.folder(id, locking: true, db)
        guard try AgentFileStore.attach(folder.id, to: agent.id, db) else { return false }
        for tool in try fileTools(db) { try ToolStore.attach(tool.id, to: agent.id, db) }
        let files = try FolderStore.oldestFiles(of: id, db)
        let limits = agent.fileLimits
        let isOpen = try AgentFileStore.openFiles(of: agent.id, db).count
        let opened = files.prefix(max(0, limits.openFiles - isOpen)).map(\.id)
        let contents = try FolderStore.contents(of: opened, db)
        let rows = files.enumerated().map { index, file in
            // One microsecond apart, so that lists have a fixed order.
            let created = Timestamp(microseconds: time.microseconds + Int64(index))
            var row = AgentFileRow(
                id: ids.next(), agent: agent.id, file: file.id, folder: id, isOpen: index < opened.count, at: created)
            if row.isOpen {
                row.visibleContent = FileView(of: contents[file.id] ?? "", limit: limits.charactersPerFile).text
            }
            return row
        }
        try db.insert(rows, into: AgentFileStore.table)
        try filesChanged(of: [agent.id], db)
        return true
    }

    /// - Returns: whether the folder was attached.
    private static func detach(_ id: ID<Folder>, from agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        guard try AgentFileStore.detach(id, from: agent, db) else { return false }
        try detachFileTools(from: [agent], db)
        try filesChanged(of: [agent], db)
        return true
    }

    /// Has the system messages of the agents recompiled by their next readers: they show folders and files.
    static func filesChanged(of agents: [ID<AgentState>], _ db: Transaction) throws {
        for agents in agents.chunks() {
            try SystemMessageStore.invalidate(of: agents, db)
            try ConversationMessageStore.invalidateHeads(of: agents, db)
        }
    }

    /// The folders of each of the agents, as its system message shows them.
    static func attachedFolders(of agents: [AgentRow], _ db: Transaction) throws -> [ID<AgentState>: [AttachedFolder]] {
        let folders = try AgentFileStore.folders(of: agents.map(\.id), db)
        let files = try AgentFileStore.files(of: Array(folders.keys), texts: true, db)
        return Dictionary(
            uniqueKeysWithValues: agents.compactMap { agent in
                guard let own = folders[agent.id] else { return nil }
                let limit = agent.fileLimits.charactersPerFile
                let byFolder = Dictionary(grouping: files[agent.id] ?? [], by: \.folderID)
                let attached = own.map { folder in
                    AttachedFolder(
                        name: folder.name, description: folder.description, instructions: folder.instructions,
                        files: (byFolder[folder.id] ?? []).map { file in
                            AttachedFile(
                                name: file.fileName, openText: file.isOpen ? file.visibleContent ?? "" : nil,
                                limit: limit)
                        })
                }
                return (agent.id, attached)
            })
    }

    /// Detaches the file tools from those of the agents that have no folder any more.
    static func detachFileTools(from agents: [ID<AgentState>], _ db: Transaction) throws {
        let folders = try AgentFileStore.folders(of: agents, db)
        try ToolStore.detach(try fileTools(db).map(\.id), from: agents.filter { folders[$0] == nil }, db)
    }

    /// The tools that an agent has while it has a folder.
    private static func fileTools(_ db: Transaction) throws -> [Tool] {
        let names = BaseTool.all.filter { $0.type == .files }.map(\.name)
        return try ToolStore.rows(named: names, db).map(\.wire).sorted { $0.name < $1.name }
    }

    private static func agent(_ id: ID<AgentState>, locking: Bool = false, _ db: Transaction) throws -> AgentRow {
        guard let row = try db.fetch(AgentStore.table, id, locking: locking) else {
            throw APIError.notFound("Agent", id)
        }
        return row
    }

    private static func row(
        _ file: ID<FileMetadata>, of agent: ID<AgentState>, _ db: Transaction
    ) throws -> AgentFileRow {
        guard let row = try AgentFileStore.row(file, of: agent, db) else {
            throw APIError(404, "File with id=\(file) not found")
        }
        return row
    }

    private static func state(
        of row: AgentRow, isChanged: Bool, at time: Timestamp, _ db: Transaction
    ) throws -> AgentState {
        guard isChanged else { return try AgentStateStore.state(of: row, db) }
        var row = row
        row.updatedAt = max(time, row.updatedAt)
        row.lastUpdatedByID = db.user
        try AgentStore.update(row, db)
        return try AgentStateStore.state(of: row, db)
    }
}

extension AgentRow {
    /// The limits of open files: the agent's own, or else what fits its context window.
    var fileLimits: FileLimits {
        var limits = FileLimits(contextWindow: contextWindow)
        if let maxFilesOpen { limits.openFiles = maxFilesOpen }
        if let perFileViewWindowCharLimit { limits.charactersPerFile = perFileViewWindowCharLimit }
        return limits
    }
}
