import Storage

/// Tables `<owner>_tag`: the tags of rows of the table `owner`, each with its position.
enum TagStore {
    /// The tags of each row, in the order in which they were set.
    static func tags<ID: SQLBindable & SQLReadable & Hashable>(
        of ids: [ID], owner: SQLText, _ db: Transaction
    ) throws -> [ID: [String]] {
        let rows = try ids.inStatements { ids in
            try db.rows(
                """
                SELECT \(owner)_id AS owner_id, tag FROM \(owner)_tag
                WHERE organization_id = \(db.organization) AND \(owner)_id IN (\(list: ids))
                ORDER BY \(owner)_id, position
                """)
        }
        var tags: [ID: [String]] = [:]
        for row in rows { tags[try row["owner_id"], default: []].append(try row["tag"]) }
        return tags
    }

    static func replaceTags(
        of id: some SQLBindable, owner: SQLText, with tags: [String], _ db: Transaction
    ) throws {
        try db.execute(
            "DELETE FROM \(owner)_tag WHERE organization_id = \(db.organization) AND \(owner)_id = \(id)")
        for tags in Array(tags.withoutDuplicates.enumerated()).chunks(binding: 4) {
            let rows = tags.map { position, tag in "(\(db.organization), \(id), \(tag), \(position))" as SQLText }
            try db.execute(
                """
                INSERT INTO \(owner)_tag (organization_id, \(owner)_id, tag, position)
                VALUES \(SQLText.joined(rows, separator: ", "))
                """)
        }
    }

    /// The condition that a row of `owner` has the tags; nil without tags.
    static func condition(
        _ tags: [String]?, all: Bool, owner: SQLText, _ db: Transaction
    ) -> SQLText? {
        guard let tags = tags?.withoutDuplicates, !tags.isEmpty else { return nil }
        let tagged: SQLText = """
            FROM \(owner)_tag AS carried
            WHERE carried.organization_id = \(db.organization) AND carried.\(owner)_id = \(owner).id
                AND carried.tag IN (\(list: tags))
            """
        return all ? "(SELECT COUNT(*) \(tagged)) = \(tags.count)" : "EXISTS (SELECT 1 \(tagged))"
    }
}
