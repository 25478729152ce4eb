import LettaAPI
import Storage

/// Tables `file_upload` and `file_upload_part`: files that have arrived and are not read yet, with their bytes. Of a file
/// without bytes, such as an imported one, the text is stored already.
enum UploadStore {
    /// An upload whose text is to be read.
    struct Waiting: Sendable {
        let scope: Scope
        let file: ID<FileMetadata>
        let folder: ID<Folder>
        let job: ID<Job>
    }

    /// The bytes of a file are stored in parts of this size, so that none holds up the database for long.
    static let partSize = 1 << 20

    static func insertPart(_ bytes: [UInt8], at position: Int, of file: ID<FileMetadata>, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO file_upload_part (organization_id, file_id, position, bytes)
            VALUES (\(db.organization), \(file), \(position), \(bytes))
            """)
    }

    static func insert(
        _ file: FileMetadata, job: ID<Job>, _ db: Transaction
    ) throws {
        try db.execute(
            """
            INSERT INTO file_upload (organization_id, file_id, folder_id, job_id, user_id, created_at)
            VALUES (\(db.organization), \(file.id), \(file.sourceID), \(job), \(db.user), \(file.createdAt))
            """)
    }

    /// The upload that has waited longest.
    static func next(_ db: any SQLExecutor) throws -> Waiting? {
        try db.row(
            """
            SELECT organization_id, user_id, file_id, folder_id, job_id FROM file_upload
            ORDER BY created_at, file_id LIMIT 1
            """
        ).map {
            Waiting(
                scope: Scope(organization: try $0["organization_id"], user: try $0["user_id"]),
                file: try $0["file_id"], folder: try $0["folder_id"], job: try $0["job_id"])
        }
    }

    /// Nil for a file without bytes.
    static func bytes(of file: ID<FileMetadata>, _ db: Transaction) throws -> [UInt8]? {
        let count: Int =
            try db.row(
                """
                SELECT COUNT(*) AS count FROM file_upload_part
                WHERE organization_id = \(db.organization) AND file_id = \(file)
                """)?["count"] ?? 0
        guard count > 0 else { return nil }
        return try (0..<count).reduce(into: []) { bytes, position in
            let part: [UInt8]? = try db.row(
                """
                SELECT bytes FROM file_upload_part
                WHERE organization_id = \(db.organization) AND file_id = \(file) AND position = \(position)
                """)?["bytes"]
            bytes += part ?? []
        }
    }

    static func delete(_ file: ID<FileMetadata>, _ db: Transaction) throws {
        for table in ["file_upload", "file_upload_part"] as [SQLText] {
            try db.execute(
                "DELETE FROM \(table) WHERE organization_id = \(db.organization) AND file_id = \(file)")
        }
    }

    /// Deletes the uploads that wait in a folder.
    static func deleteAll(of folder: ID<Folder>, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM file_upload_part WHERE organization_id = \(db.organization) AND file_id IN (
                SELECT file_id FROM file_upload
                WHERE organization_id = \(db.organization) AND folder_id = \(folder))
            """)
        try db.execute(
            "DELETE FROM file_upload WHERE organization_id = \(db.organization) AND folder_id = \(folder)")
    }

    /// Deletes the parts of files that never arrived whole.
    static func deleteUnfinished(_ db: any SQLExecutor) throws {
        try db.execute(
            """
            DELETE FROM file_upload_part WHERE NOT EXISTS (
                SELECT 1 FROM file_upload
                WHERE file_upload.organization_id = file_upload_part.organization_id
                    AND file_upload.file_id = file_upload_part.file_id)
            """)
    }
}
