import LettaAPI
import Storage

/// The condition that a row of `agent` or `block` carries tags.
enum TagCondition {
    /// - Parameter owner: the table, whose tags are in `<owner>_tag`.
    static func sql(_ tags: [String], all: Bool, owner: SQLText, _ db: Transaction) -> SQLText {
        let tagged: SQLText = """
            FROM \(owner)_tag AS carried
            WHERE carried.organization_id = \(db.organization) AND carried.\(owner)_id = \(owner).id
                AND carried.tag IN (\(list: tags))
            """
        return all ? "(SELECT COUNT(*) \(tagged)) = \(tags.count)" : "EXISTS (SELECT 1 \(tagged))"
    }
}

/// Table `agent_tag` seen as a list of tags.
enum TagStore {
    /// The distinct tags of agents between the bounds, in the order of their bytes.
    static func page(_ query: ListTags, _ request: PageRequest, _ db: Transaction) throws -> [String] {
        let readsBackwards = request.before != nil && request.after == nil
        var all: [SQLText] = ["organization_id = \(db.organization)"]
        if let text = query.queryText { all.append(db.dialect.contains("tag", text)) }
        if let text = query.name { all.append(db.dialect.contains("tag", text)) }
        if let after = request.after { all.append(request.isAscending ? "tag > \(after)" : "tag < \(after)") }
        if let before = request.before { all.append(request.isAscending ? "tag < \(before)" : "tag > \(before)") }
        let direction: SQLText = request.isAscending != readsBackwards ? "ASC" : "DESC"
        let limit: SQLText = request.limit.map { " LIMIT \($0)" } ?? ""
        let tags = try db.rows(
            """
            SELECT DISTINCT tag FROM agent_tag WHERE \(SQLText.joined(all, separator: " AND "))
            ORDER BY tag \(direction)\(limit)
            """
        ).map { row -> String in try row["tag"] }
        return readsBackwards ? tags.reversed() : tags
    }
}
