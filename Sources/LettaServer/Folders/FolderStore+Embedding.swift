import LettaAPI
import Storage

/// How far the passages of files are embedded: columns of table `folder_file`.
extension FolderStore {
    /// Counts passages that are embedded now. A file of which all are is complete.
    static func noteEmbedded(_ passages: [ID<Passage>], at time: Timestamp, _ db: Transaction) throws {
        let counts = try passages.inStatements { ids in
            try db.rows(
                """
                SELECT file_id, COUNT(*) AS passages FROM folder_passage
                WHERE organization_id = \(db.organization) AND id IN (\(list: ids)) GROUP BY file_id
                """)
        }
        for row in counts {
            let (file, count): (ID<FileMetadata>, Int) = (try row["file_id"], try row["passages"])
            try db.execute(
                """
                UPDATE folder_file SET chunks_embedded = chunks_embedded + \(count), updated_at = \(time)
                WHERE organization_id = \(db.organization) AND id = \(file)
                """)
        }
        let files: [ID<FileMetadata>] = try counts.map { try $0["file_id"] }
        try complete(where: "id IN (\(list: files)) AND chunks_embedded >= total_chunks", because: nil, at: time, db)
    }

    /// Ends the processing of files whose model does not answer: they are found by their words.
    static func completeWithoutVectors(
        in folder: ID<Folder>, because reason: String, at time: Timestamp, _ db: Transaction
    ) throws {
        try complete(
            where: "folder_id = \(folder) AND chunks_embedded < total_chunks", because: reason, at: time, db)
    }

    /// - Parameter reason: why the files have no vectors; nil where they have.
    private static func complete(
        where condition: SQLText, because reason: String?, at time: Timestamp, _ db: Transaction
    ) throws {
        // A file that is read at the moment has an upload, and its reader ends its processing.
        try db.execute(
            """
            UPDATE folder_file SET processing_status = 'completed', error_message = \(reason), updated_at = \(time)
            WHERE organization_id = \(db.organization) AND processing_status IN ('embedding', 'completed')
                AND \(condition) AND NOT EXISTS (
                    SELECT 1 FROM file_upload WHERE file_upload.organization_id = folder_file.organization_id
                        AND file_upload.file_id = folder_file.id)
            """)
    }
}
