import JSON
import LettaAPI
import Storage

/// Tables `folder`, `folder_file`, `file_content` and `folder_passage`.
enum FolderStore {
    /// Locked after agents.
    static let table = Table<Folder>("folder")
    static let files = Table<FileMetadata>(
        "folder_file", renaming: ["source_id": "folder_id"], without: ["content": nil])
    static let passages = Table<Passage>(
        "folder_passage", renaming: ["source_id": "folder_id"],
        without: [
            "archive_id": nil, "tags": nil, "is_deleted": false, "file_name": nil, "embedding": nil,
            "embedding_config": nil,
        ])

    static func page(_ query: ListFolders, _ db: Transaction) throws -> Page<Folder> {
        try db.page(table, query, order: .oldestFirst, where: [query.name.map { "name = \($0)" }])
    }

    static func find(named name: String, _ db: Transaction) throws -> Folder? {
        try db.fetchAll(table, where: "name = \(name)").first
    }

    /// The name, or a similar one that no folder has.
    static func freeName(_ name: String, _ db: Transaction) throws -> String {
        var (candidate, number) = (name, 1)
        while try find(named: candidate, db) != nil {
            candidate = number == 1 ? "\(name)_copy" : "\(name)_copy\(number)"
            number += 1
        }
        return candidate
    }

    static func delete(_ id: ID<Folder>, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: files, where: "folder_id = \(id)", db)
        try DeletedKeyStore.note(in: passages, where: "folder_id = \(id)", db)
        try WordIndexStore.folderPassages.delete([id.rawValue], db)
        try VectorStore.deleteAll(of: id.rawValue, db)
        try UploadStore.deleteAll(of: id, db)
        try AgentFileStore.noteKeys(
            where: """
                file_id IN (SELECT id FROM folder_file
                            WHERE organization_id = \(db.organization) AND folder_id = \(id))
                """, db)
        try db.delete(id, from: table)
    }

    /// Deletes up to `limit` passages of the folder's files.
    ///
    /// - Returns: the number of passages.
    static func deletePassages(of id: ID<Folder>, limit: Int, _ db: Transaction) throws -> Int {
        let ids: [ID<Passage>] = try db.rows(
            """
            SELECT id FROM folder_passage WHERE organization_id = \(db.organization) AND folder_id = \(id)
            ORDER BY created_at, id LIMIT \(limit)
            """
        ).map { try $0["id"] }
        guard !ids.isEmpty else { return 0 }
        try db.delete(ids, from: passages)
        try VectorStore.deletePassages(ids, db)
        try WordIndexStore.folderPassages.delete(ids.map(\.rawValue), db)
        return ids.count
    }

    // MARK: Files

    /// Stores a file, and its text where there is one.
    static func insert(_ file: FileMetadata, content: String?, _ db: Transaction) throws {
        try db.insert(file, into: files)
        guard let content else { return }
        try db.execute(
            """
            INSERT INTO file_content (organization_id, file_id, text)
            VALUES (\(db.organization), \(file.id), \(content))
            """)
    }

    static func delete(_ file: ID<FileMetadata>, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: passages, where: "file_id = \(file)", db)
        try VectorStore.deletePassages(of: file, db)
        try WordIndexStore.folderPassages.delete([file.rawValue], db)
        try UploadStore.delete(file, db)
        try AgentFileStore.noteKeys(where: "file_id = \(file)", db)
        try db.delete(file, from: files)
    }

    static func file(_ id: ID<FileMetadata>, of folder: ID<Folder>, _ db: Transaction) throws -> FileMetadata? {
        try db.fetchAll(files, where: "id = \(id) AND folder_id = \(folder)").first
    }

    static func file(named name: String, in folder: ID<Folder>, _ db: Transaction) throws -> FileMetadata? {
        try db.fetchAll(files, where: "folder_id = \(folder) AND file_name = \(name)").first
    }

    static func fileNames(startingWith start: String, in folder: ID<Folder>, _ db: Transaction) throws -> [String] {
        try db.rows(
            """
            SELECT file_name FROM folder_file WHERE organization_id = \(db.organization) AND folder_id = \(folder)
                AND substr(file_name, 1, \(start.unicodeScalars.count)) = \(start)
            """
        ).map { try $0["file_name"] }
    }

    /// Stores the text of a file, instead of one that it has.
    static func setContent(_ text: String, of file: ID<FileMetadata>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO file_content (organization_id, file_id, text) VALUES (\(db.organization), \(file), \(text))
            ON CONFLICT (organization_id, file_id) DO UPDATE SET text = excluded.text
            """)
    }

    static func page(_ query: ListFiles, of folder: ID<Folder>, _ order: PageOrder, _ db: Transaction) throws
        -> Page<FileMetadata>
    {
        try db.page(files, query, defaultLimit: 1000, order: order, where: ["folder_id = \(folder)"])
    }

    /// All files of a folder, oldest first.
    static func oldestFiles(of folder: ID<Folder>, _ db: Transaction) throws -> [FileMetadata] {
        try db.fetchAll(files, where: "folder_id = \(folder)", orderBy: "created_at, id")
    }

    static func contents(of ids: [ID<FileMetadata>], _ db: Transaction) throws -> [ID<FileMetadata>: String] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT file_id, text FROM file_content
                WHERE organization_id = \(db.organization) AND file_id IN (\(list: ids))
                """)
        }
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0["file_id"], try $0["text"]) })
    }

    static func totals(_ db: Transaction) throws -> FolderTotals {
        var totals = FolderTotals()
        totals.totalSources = try db.count(table, where: [])
        let files = try db.rows(
            """
            SELECT COUNT(*) AS files, CAST(COALESCE(SUM(file_size), 0) AS BIGINT) AS size FROM folder_file
            WHERE organization_id = \(db.organization)
            """)
        totals.totalFiles = try files[0]["files"]
        totals.totalSize = try files[0]["size"]
        return totals
    }

    /// The files of one folder, or of all, in order of folder.
    static func statistics(
        of folder: ID<Folder>? = nil, _ db: Transaction
    ) throws -> [ID<Folder>: [FolderStatistics.File]] {
        let condition: SQLText = folder.map { " AND folder_id = \($0)" } ?? ""
        let rows = try db.rows(
            """
            SELECT folder_id, id, file_name, file_size FROM folder_file
            WHERE organization_id = \(db.organization)\(condition) ORDER BY folder_id, created_at, id
            """)
        var files: [ID<Folder>: [FolderStatistics.File]] = [:]
        for row in rows {
            files[try row["folder_id"], default: []].append(
                FolderStatistics.File(id: try row["id"], name: try row["file_name"], size: try row["file_size"]))
        }
        return files
    }

    // MARK: Passages

    static func page(
        _ query: ListRelated, ofPassagesOf folder: ID<Folder>, _ order: PageOrder, _ db: Transaction
    ) throws -> Page<Passage> {
        let page = try db.page(passages, query, defaultLimit: 100, order: order, where: ["folder_id = \(folder)"])
        return page.replacing(with: try VectorStore.withVectors(page.items, db))
    }

    /// Stores passages with their indexed words.
    ///
    /// - Parameter sets: the sets of vectors in which the passages wait; they are embedded when the queue is woken.
    static func insert(
        _ new: [Passage], of file: ID<FileMetadata>, in folder: ID<Folder>, _ sets: [VectorSet], _ db: Transaction
    ) throws {
        try db.insert(new, into: passages)
        if let time = new.first?.createdAt { try VectorStore.add(new.map(\.id), to: sets, due: time, db) }
        for passage in new {
            let owners = [db.organization, folder.rawValue, file.rawValue]
            try WordIndexStore.folderPassages.insert(passage.id.rawValue, passage.text, owners: owners, db)
        }
    }

    /// Deletes the passages of a file that is read again.
    static func deletePassages(of file: ID<FileMetadata>, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: passages, where: "file_id = \(file)", db)
        try VectorStore.deletePassages(of: file, db)
        try db.execute("DELETE FROM folder_passage WHERE organization_id = \(db.organization) AND file_id = \(file)")
        try WordIndexStore.folderPassages.delete([file.rawValue], db)
    }

    /// The passages scored for a search.
    private static let mostScored = 200

    /// The passages of the folders that have the most telling words, with their scores (BM25), in the order of their files
    /// among equals.
    static func find(
        _ query: String, in folders: [ID<Folder>], limit: Int, _ db: Transaction
    ) throws -> [(passage: Passage, score: Double)] {
        let (index, words) = (WordIndexStore.folderPassages, SearchQuery(query))
        guard !folders.isEmpty, limit > 0 else { return [] }
        let hits = try index.hits(
            of: words, in: folders.map(\.rawValue), where: [],
            count: try index.count(where: ["folder_passage.folder_id IN (\(list: folders))"], db),
            limit: max(limit, mostScored), db)
        let found = try db.fetch(passages, hits.hits.map { ID<Passage>($0.id) })
        let byID = Dictionary(found.map { ($0.id, $0) }) { $1 }
        return hits.ranked(words, found.map { ($0.id, $0.text, $0.createdAt) }, newestFirst: false)
            .prefix(limit).compactMap { text in byID[text.key].map { ($0, text.score) } }
    }
}
