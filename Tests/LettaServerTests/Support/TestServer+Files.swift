import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// What only ingestion and batches will store: files, their passages, jobs.
extension TestServer {
    /// The scope of the folder's creator.
    private func scope(of folder: String) async throws -> Scope {
        let folder = try await get("/v1/folders/\(folder)").json
        return Scope(
            organization: try #require(folder["organization_id"]?.string),
            user: try #require(folder["created_by_id"]?.string))
    }

    /// Stores a file with one passage, and returns its id.
    @discardableResult
    func addFile(_ name: String, _ content: String, to folder: String) async throws -> String {
        let scope = try await scope(of: folder)
        let time = Timestamp.now
        let id: ID<FileMetadata> = IDSource.random.next()
        var file = FileMetadata(
            id: id, in: ID(folder), name: name, organizationID: scope.organization, createdAt: time)
        file.fileSize = content.utf8.count
        file.fileType = "text/plain"
        file.processingStatus = .completed
        file.totalChunks = 1
        file.chunksEmbedded = 1
        var passage = Passage(id: IDSource.random.next(), text: content)
        passage.sourceID = ID(folder)
        passage.fileID = id.rawValue
        passage.metadata = ObjectDocument()
        passage.createdAt = time
        passage.updatedAt = time
        try await storage.write(as: scope) { [file, passage] db in
            try FolderService.add(file, content: content, ids: .random, db)
            try db.insert(passage, into: FolderStore.passages)
        }
        return id.rawValue
    }

    /// Stores a job and returns its id.
    @discardableResult
    func addJob(_ status: JobStatus, reading folder: String? = nil, type: JobType = .job) async throws -> String {
        let scope =
            if let folder { try await scope(of: folder) } else {
                Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
            }
        var job = Job(id: IDSource.random.next(), jobType: type, status: status, createdAt: .now)
        job.userID = scope.user
        job.metadata = ObjectDocument(["name": "x"])
        var row = JobRow(job, folder: folder.map { ID($0) })
        row.startedAt = status == .created ? nil : job.createdAt
        try await storage.write(as: scope) { [row] db in try db.insert(row, into: JobStore.table) }
        return job.id.rawValue
    }

    /// Puts a folder with a file behind the routes of folders, and a job behind those of jobs.
    func seedFolder() async throws {
        // A name that filters look for.
        self["folder_name"] = "Ada"
        self["source_name"] = "Ada"
        try await run([
            .post("/v1/folders/", ["name": "Ada", "embedding": "openai/text-embedding-3-small"], expect: 200)
                .keep("folder_id")
        ])
        self["source_id"] = self["folder_id"]
        self["file_id"] = try await addFile("a.txt", "one\ntwo", to: self["folder_id"])
        try await run([.patch("/v1/agents/{agent_id}/folders/attach/{folder_id}", expect: 200)])
        self["job_id"] = try await addJob(.running, reading: self["folder_id"])
    }
}
