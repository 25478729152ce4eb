import JSON
import LettaAPI
import Storage

/// Archives with their passages, and folders with their files.
extension LettaNoun {
    static let archives = LettaNoun(
        name: "archives", table: "archives", target: "archive",
        store: { row, writer in
            var row = row
            row["organization_id"] = .string(writer.db.organization)
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            try insert(try row.decode(Archive.self), &writer)
        })

    private static func insert(_ archive: Archive, _ writer: inout LettaWriter) throws {
        try writer.db.insert(archive, into: ArchiveStore.table)
        try note(.archive(archive.id), by: archive.embeddingConfig, &writer)
    }

    /// Only the server can tell whether it has a model: the import connects to nothing.
    private static func note(
        _ owner: PassageOwner, by config: Document<EmbeddingConfig>?, _ writer: inout LettaWriter
    ) throws {
        try ImportedEmbeddingStore.add(.passages(owner), writer.db)
        // Of one that can't be read its passages tell.
        guard let config = try? config?.content() else { return }
        writer.note(
            """
            \(owner.kind == .archive ? "an archive" : "a folder") is by \(EmbeddingService.name(of: config)): where the server \
            does not find that model at its next start, it moves it to its default embedding model
            """)
    }

    static let passages = LettaNoun(
        name: "passages of archives", table: "archival_passages", target: "passage", isLarge: true,
        gather: { row, source in
            guard row["tags"].array == nil else { return }
            row["tags"] = .array(try await source.rows("passage_tags", of: "passage_id", row.id).map { $0["tag"] })
        },
        store: { row, writer in
            guard let archive = row.text("archive_id") else { throw LettaRowProblem("it is in no archive") }
            try storePassage(row, in: archive, &writer)
        })

    /// Archival memory before there were archives: each agent gets one of its own.
    static let agentPassages = LettaNoun(
        name: "passages of agents", table: "agent_passages", target: "passage", isLarge: true,
        store: { row, writer in
            guard let agent = row.text("agent_id"), let owner = try writer.db.fetch(AgentStore.table, agent) else {
                throw LettaRowProblem("its agent does not exist")
            }
            // Named after the agent, so that a repetition finds it.
            let archive = ID<Archive>("archive-\(agent.drop { $0 != "-" }.dropFirst())")
            if try !writer.db.exists(archive, in: ArchiveStore.table) {
                var new = LettaRow(
                    ["id": .string(archive.rawValue), "name": .string("\(owner.name)'s archive")], key: [])
                new["organization_id"] = .string(writer.db.organization)
                new["created_at"] = .string(owner.createdAt.wireText)
                new["updated_at"] = new["created_at"]
                new["embedding_config"] = row["embedding_config"]
                try insert(try new.decode(Archive.self), &writer)
                try ArchiveStore.attach(archive, to: owner.id, isOwner: true, writer.db)
            }
            try storePassage(row, in: archive.rawValue, &writer)
        })

    private static func storePassage(_ row: LettaRow, in archive: String, _ writer: inout LettaWriter) throws {
        guard let text = row.text("text") else { throw LettaRowProblem("it has no text") }
        var passage = NewPassage(
            id: ID(row.id), text: text, tags: (row["tags"].array ?? []).compactMap(\.string), time: row.updatedAt,
            createdAt: row.createdAt)
        passage.metadata = row["metadata_"].object.map { ObjectDocument($0) } ?? ObjectDocument()
        guard var archive = try writer.db.fetch(ArchiveStore.table, ID<Archive>(archive)) else {
            throw LettaRowProblem("its archive is not there")
        }
        if archive.embeddingConfig == nil, !row["embedding_config"].isNull {
            // Once the passages alone said which model they have.
            archive.embeddingConfig = Document(try decodedEmbedding(row))
            try writer.db.update(archive, in: ArchiveStore.table)
        }
        _ = try PassageStore.insert([passage], into: archive, due: row.updatedAt, writer.db)
        try LettaVector.take(row, text: text, of: archive.id.rawValue, &writer)
    }

    private static func decodedEmbedding(_ row: LettaRow) throws -> EmbeddingConfig {
        do throws(JSONDecodingFailure) {
            return try JSONDecoding(scalars: .lax).decode(EmbeddingConfig.self, from: row["embedding_config"])
        } catch {
            throw LettaRowProblem("embedding_config: \(error.problem.message)")
        }
    }

    static let folders = LettaNoun(
        name: "folders", table: "sources", target: "folder",
        store: { row, writer in
            var row = row
            row["metadata"] = row["metadata_"]
            row["organization_id"] = .string(writer.db.organization)
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            var folder: Folder = try row.decode()
            let name = folder.name
            folder.name = try FolderStore.freeName(name, writer.db)
            if folder.name != name { writer.note("a folder is called \(folder.name), as there is a '\(name)' here") }
            try writer.db.insert(folder, into: FolderStore.table)
            try note(.folder(folder.id), by: folder.embeddingConfig, &writer)
        })

    static let files = LettaNoun(
        name: "files", table: "files", target: "folder_file", isLarge: true, pageSize: 10,
        gather: { row, source in
            row["content"] = try await source.rows("file_contents", of: "file_id", row.id).first?["text"] ?? .null
        },
        store: { row, writer in
            var row = row
            row.fill("file_name", row["original_file_name"])
            row.fill("file_name", .string(row.id))
            row["organization_id"] = .string(writer.db.organization)
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            var file: FileMetadata = try row.decode()
            let content = file.content
            file.content = nil
            if file.processingStatus != .completed, file.processingStatus != .error {
                // Nobody goes on with it here.
                file.processingStatus = content == nil ? .error : .completed
                if content == nil { file.errorMessage = "Letta had not finished reading this file. Upload it again." }
                writer.note("a file that Letta had not finished reading is marked as such")
            }
            try FolderStore.insert(file, content: content, writer.db)
        })

    static let filePassages = LettaNoun(
        name: "passages of files", table: "source_passages", target: "folder_passage", isLarge: true,
        store: { row, writer in
            guard let folder = row.text("source_id"), let file = row.text("file_id") else {
                throw LettaRowProblem("it is of no file")
            }
            var passage = Passage(id: ID(row.id), text: row.text("text") ?? "")
            passage.sourceID = ID(folder)
            passage.fileID = file
            passage.metadata = row["metadata_"].object.map { ObjectDocument($0) } ?? ObjectDocument()
            passage.organizationID = writer.db.organization
            passage.createdByID = row.text("created_by_id")
            passage.lastUpdatedByID = row.text("last_updated_by_id")
            passage.createdAt = row.createdAt
            passage.updatedAt = row.updatedAt
            guard let stored = try writer.db.fetch(FolderStore.table, ID<Folder>(folder)) else {
                throw LettaRowProblem("its folder is not there")
            }
            let sets = try VectorStore.setsForNewPassages(
                of: folder, .folder, stored.embeddingConfig, at: row.updatedAt, writer.db)
            try FolderStore.insert([passage], of: ID(file), in: stored.id, sets, writer.db)
            try LettaVector.take(row, text: passage.text, of: folder, &writer)
        })
}
