import AgentEngine
import JSON
import LettaAPI
import Storage

/// Searches as an agent's tools do, and tells why each text is found.
struct ExplainedSearchService: Sendable {
    let core: Core
    let passages: PassageSearch
    let meaning: MessageMeaning

    private static let defaultLimit = 10
    private static let highestLimit = 100
    /// The folders that a search of all files covers.
    private static let mostFolders = 256

    /// - Throws: `APIError` 404 for an unknown agent or folder, 422 for a limit that is out of range.
    func explain(_ body: ExplainSearch, as scope: Scope) async throws -> ExplainedSearch {
        try KeyText.check("query", body.query)
        try PassageRules.checkTags(body.tags)
        let limit = body.limit ?? Self.defaultLimit
        guard (1...Self.highestLimit).contains(limit) else {
            throw APIError.invalidField(
                "limit", "the limit must be between 1 and \(Self.highestLimit)", input: .int(Int64(limit)))
        }
        let words = WrittenWords(body.query)
        let results =
            switch body.source {
            case .archivalMemory: try await memories(body, words, limit: limit, as: scope)
            case .files: try await files(body, words, limit: limit, as: scope)
            case .messages: try await messages(body, words, limit: limit, as: scope)
            }
        let names = try await core.storage.read(as: scope) { db in try Self.names(in: results, db) }
        return ExplainedSearch(
            words: words.all, usesMeaning: results.contains { $0.why.similarity != nil }, results: results,
            names: names)
    }

    // MARK: Sources

    private func memories(
        _ body: ExplainSearch, _ words: WrittenWords, limit: Int, as scope: Scope
    ) async throws -> [ExplainedResult] {
        let filter = try await core.storage.read(as: scope) { db in
            let agent = try Self.agent(body.agentID, db)
            var filter = PassageFilter()
            filter.archives = try agent.map { try ArchiveStore.archives(of: $0.id, db) }
            filter.tags = body.tags ?? []
            filter.needsAllTags = body.tagMatchMode == .all
            filter.from = body.startDate?.bounds(in: agent?.timezone ?? "UTC").first
            filter.to = body.endDate?.bounds(in: agent?.timezone ?? "UTC").last
            return filter
        }
        let found = try await passages.find(
            body.query, in: .archives(body.query, matching: filter, orElse: .descending), limit: limit, as: scope)
        return found.map { found in
            var result = ExplainedResult(found, words)
            result.archiveID = found.passage.archiveID
            result.tags = found.passage.tags
            return result
        }
    }

    private func files(
        _ body: ExplainSearch, _ words: WrittenWords, limit: Int, as scope: Scope
    ) async throws -> [ExplainedResult] {
        let folders = try await core.storage.read(as: scope) { db in try Self.folders(body, db) }
        let found = try await passages.find(body.query, in: .folders(folders, body.query), limit: limit, as: scope)
        let files = try await core.storage.read(as: scope) { db in
            let ids = found.compactMap { $0.passage.fileID.map { ID<FileMetadata>($0) } }
            return try db.fetch(FolderStore.files, ids.withoutDuplicates)
        }
        let names = Dictionary(files.map { ($0.id.rawValue, $0.fileName) }) { first, _ in first }
        return found.map { found in
            var result = ExplainedResult(found, words)
            result.folderID = found.passage.sourceID
            result.fileName = found.passage.fileID.flatMap { names[$0] }
            return result
        }
    }

    private func messages(
        _ body: ExplainSearch, _ words: WrittenWords, limit: Int, as scope: Scope
    ) async throws -> [ExplainedResult] {
        let agent = try await core.storage.read(as: scope) { db in try Self.agent(body.agentID, db) }
        let zone = agent?.timezone ?? "UTC"
        var filter = MessageFilter()
        filter.agent = agent?.id
        filter.roles = body.roles ?? filter.roles
        filter.from = body.startDate?.bounds(in: zone).first
        filter.to = body.endDate?.bounds(in: zone).last
        filter.includesResults = true
        let search = MessageSearch(query: body.query, filter: filter, limit: limit, now: core.now(), zone: zone)
        return try await meaning.find(search, as: scope).map { try ExplainedResult($0, words) }
    }

    private static func names(in results: [ExplainedResult], _ db: Transaction) throws -> [String: String] {
        let agents = try AgentStore.names(of: results.compactMap(\.agentID).withoutDuplicates, db)
        let archives = try db.fetch(ArchiveStore.table, results.compactMap(\.archiveID).withoutDuplicates)
        let folders = try db.fetch(FolderStore.table, results.compactMap(\.folderID).withoutDuplicates)
        return Dictionary(
            agents.map { ($0.key.rawValue, $0.value) } + archives.map { ($0.id.rawValue, $0.name) }
                + folders.map { ($0.id.rawValue, $0.name) }
        ) { $1 }
    }

    /// Nil for all agents.
    private static func agent(_ id: ID<AgentState>?, _ db: Transaction) throws -> AgentRow? {
        guard let id else { return nil }
        guard let agent = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
        return agent
    }

    private static func folders(_ body: ExplainSearch, _ db: Transaction) throws -> [ID<Folder>] {
        let agent = try agent(body.agentID, db)
        let attached = try agent.map { (try AgentFileStore.folders(of: [$0.id], db)[$0.id] ?? []).map(\.id) }
        if let id = body.folderID {
            guard try db.exists(id, in: FolderStore.table) else { throw APIError.notFound("Folder", id) }
            return attached?.contains(id) == false ? [] : [id]
        }
        return try attached
            ?? db.fetchAll(
                FolderStore.table, where: "TRUE", orderBy: "created_at DESC, id DESC", limit: mostFolders
            ).map(\.id)
    }
}

/// The words of a question as they were written, beside the terms that are looked for.
struct WrittenWords: Sendable {
    /// The characters of a text that are looked at.
    private static let longestText = 20_000

    let all: [String]
    private let query: SearchQuery

    init(_ text: String) {
        query = SearchQuery(text)
        var written: [String: String] = [:]
        for word in text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            let terms = SearchWords.indexed(in: String(word))
            // A run of a script without spaces has several terms, which stand for themselves.
            if terms.count == 1, written[terms[0]] == nil { written[terms[0]] = String(word) }
        }
        all = query.terms.map { written[$0] ?? $0 }
    }

    /// Those that the text has.
    func found(in text: String) -> [String] {
        zip(all, query.counts(in: String(text.prefix(Self.longestText))).terms).filter { $0.1 > 0 }.map(\.0)
    }
}

extension ExplainedResult {
    fileprivate init(_ found: ScoredPassage, _ words: WrittenWords) {
        let passage = found.passage
        var why = FoundBecause(
            matched: words.found(in: passage.text), words: found.words.shown, similarity: found.similarity?.shown,
            score: found.score.shown)
        why.wordShare = found.shares?.words.shown
        why.meaningShare = found.shares?.meaning.shown
        self.init(id: passage.id.rawValue, text: passage.text, createdAt: passage.createdAt, why: why)
    }

    fileprivate init(_ found: MessageSearch.Found, _ words: WrittenWords) throws {
        let message = try found.row.turnMessage()
        let text = message.said ?? message.text ?? ""
        let signals = found.signals
        var why = FoundBecause(
            matched: words.found(in: text), words: (signals?.words ?? 0).shown, similarity: signals?.similarity?.shown,
            score: (signals?.score ?? 0).shown)
        why.wordShare = signals?.shares.words.shown
        why.meaningShare = signals?.shares.meaning.shown
        why.neighbourShare = signals?.shares.neighbours.shown
        why.otherShare = signals?.shares.others.shown
        self.init(id: found.row.id.rawValue, text: text, createdAt: found.row.createdAt, why: why)
        agentID = found.row.agentID
        role = found.row.role
    }
}

extension Double {
    /// Rounded to what is worth showing.
    fileprivate var shown: Double { (self * 1e4).rounded() / 1e4 }
}
