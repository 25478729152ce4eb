import JSON
import LettaAPI
import Storage

/// A row of table `job`.
struct JobRow: Codable, Sendable {
    var job: Job
    /// The folder whose files are read.
    var folderID: ID<Folder>?
    var startedAt: Timestamp?
    /// To which key the turns of a batch are counted.
    var keyID: String?

    init(_ job: Job, folder: ID<Folder>? = nil, key: String? = nil) {
        self.job = job
        keyID = key
        folderID = folder
    }
}

/// Table `job`.
enum JobStore {
    static let table = Table<JobRow>("job")

    static func page(_ request: PageRequest, folder: String?, onlyActive: Bool, _ db: Transaction) throws -> Page<Job> {
        try db.page(
            table, request,
            where: [
                folder.map { "folder_id = \($0)" },
                // Not bound: an index has this very condition.
                onlyActive ? "status IN ('created', 'pending', 'running')" : nil,
            ]
        ).map(\.job)
    }
}
