import Storage

extension Migration {
    /// Uploaded files that are not read yet, and the words of passages that are.
    static let uploads = Migration(number: 25, name: "uploads") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE file_upload (
                organization_id \(id) NOT NULL,
                file_id \(id) NOT NULL,
                folder_id \(id) NOT NULL,
                job_id \(id) NOT NULL,
                user_id \(id) NOT NULL,
                created_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, file_id),
                FOREIGN KEY (organization_id, file_id) REFERENCES folder_file (organization_id, id) ON DELETE CASCADE
            )
            """,
            "CREATE INDEX file_upload_by_time ON file_upload (created_at, file_id)",
            // No foreign key: the parts of a large file are stored while it arrives, before the file is.
            """
            CREATE TABLE file_upload_part (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                file_id \(id) NOT NULL,
                position BIGINT NOT NULL,
                bytes \(dialect.blobType) NOT NULL,
                PRIMARY KEY (organization_id, file_id, position)
            )
            """,
        ] + dialect.makeWordTable("folder_passage_words", key: "passage_id")
    }
}
