import LettaAPI
import Storage

/// A row of table `passage` with its tags.
struct PassageRow: Sendable {
    var id: ID<Passage>
    var archiveID: ID<Archive>
    var text: String
    /// Each once, in the order given; read from a table of their own.
    var tags: [String]
    var metadata: ObjectDocument
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let columns: SQLText = """
        passage.id, passage.archive_id, passage.text, passage.metadata, passage.created_by_id,
        passage.last_updated_by_id, passage.created_at, passage.updated_at
        """

    init(_ new: NewPassage, in archive: ID<Archive>, by user: String) {
        id = new.id
        archiveID = archive
        text = new.text
        tags = new.tags
        metadata = new.metadata
        createdByID = user
        lastUpdatedByID = user
        createdAt = new.createdAt
        updatedAt = new.time
    }

    init(_ row: SQLRow, tags: [String] = []) throws(SQLFailure) {
        id = try row["id"]
        archiveID = try row["archive_id"]
        text = try row["text"]
        self.tags = tags
        metadata = try row["metadata"]
        createdByID = try row["created_by_id"]
        lastUpdatedByID = try row["last_updated_by_id"]
        createdAt = try row["created_at"]
        updatedAt = try row["updated_at"]
    }

    /// The passage as clients see it.
    func wire(in scope: Scope) -> Passage {
        var passage = Passage(id: id, text: text)
        passage.archiveID = archiveID
        passage.tags = tags.isEmpty ? nil : tags
        passage.metadata = metadata
        passage.organizationID = scope.organization
        passage.createdByID = createdByID
        passage.lastUpdatedByID = lastUpdatedByID
        passage.createdAt = createdAt
        passage.updatedAt = updatedAt
        return passage
    }
}

/// A passage that is about to be stored, in whatever archive it will be.
struct NewPassage: Sendable {
    let id: ID<Passage>
    let text: String
    let tags: [String]
    var metadata = ObjectDocument()
    /// When it is made.
    let time: Timestamp
    /// The time it is filed under.
    let createdAt: Timestamp

    init(id: ID<Passage>, text: String, tags: [String], time: Timestamp, createdAt: Timestamp? = nil) {
        self.id = id
        self.text = text
        self.tags = tags.withoutDuplicates
        self.time = time
        self.createdAt = createdAt ?? time
    }
}
