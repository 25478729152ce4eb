import Storage

extension Migration {
    /// Words of messages; the words of passages become stems. `WordIndexBuilder` fills the indexes with what there is.
    static let wordIndexes = Migration(number: 30, name: "word indexes") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        let backlog: [SQLText] = ["message", "passage", "folder_passage"].map { table in
            """
            INSERT INTO word_index_backlog (table_name, organization_id, last_id)
            SELECT CAST(\(table) AS TEXT), '', '' WHERE EXISTS (SELECT 1 FROM \(SQLText(identifier: table)))
            """
        }
        return [
            // How far the index of a table is filled; no row when it is whole.
            """
            CREATE TABLE word_index_backlog (
                table_name \(id) PRIMARY KEY,
                organization_id \(id) NOT NULL,
                last_id \(id) NOT NULL
            )
            """,
            "DROP TABLE passage_words",
            "DROP TABLE folder_passage_words",
        ]
            + dialect.makeWordIndex("message_words", key: "message_id")
            + dialect.makeWordIndex("passage_words", key: "passage_id")
            + dialect.makeWordIndex("folder_passage_words", key: "passage_id") + backlog
    }
}
