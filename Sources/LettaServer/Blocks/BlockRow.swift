import AgentEngine
import JSON
import LettaAPI
import Storage

/// A row of table `block`.
struct BlockRow: Sendable, Equatable {
    var id: ID<Block>
    var label: String
    var value: String
    var limit: Int
    var description: String?
    var metadata: ObjectDocument?
    var readOnly: Bool
    var hidden: Bool?
    var isTemplate: Bool
    var templateName: String?
    var preserveOnMigration: Bool?
    var origin: TemplateOrigin
    /// Counts the changes; who writes names the one they read.
    var version: Int
    var createdByID: String?
    var lastUpdatedByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let columns: SQLText = """
        block.id, block.label, block.value, block.char_limit, block.description, block.metadata, block.read_only,
        block.hidden, block.is_template, block.template_name, block.preserve_on_migration, block.project_id,
        block.template_id, block.base_template_id, block.deployment_id, block.entity_id, block.version,
        block.created_by_id, block.last_updated_by_id, block.created_at, block.updated_at
        """

    init(id: ID<Block>, label: String, value: String, limit: Int, at time: Timestamp) {
        self.id = id
        self.label = label
        self.value = value
        self.limit = limit
        readOnly = false
        isTemplate = false
        origin = TemplateOrigin()
        version = 1
        createdAt = time
        updatedAt = time
    }

    init(_ row: SQLRow) throws(SQLFailure) {
        id = try row["id"]
        label = try row["label"]
        value = try row["value"]
        limit = try row["char_limit"]
        description = try row["description"]
        metadata = try row["metadata"]
        readOnly = try row["read_only"]
        hidden = try row["hidden"]
        isTemplate = try row["is_template"]
        templateName = try row["template_name"]
        preserveOnMigration = try row["preserve_on_migration"]
        origin = try TemplateOrigin(row)
        version = try row["version"]
        createdByID = try row["created_by_id"]
        lastUpdatedByID = try row["last_updated_by_id"]
        createdAt = try row["created_at"]
        updatedAt = try row["updated_at"]
    }

    /// The block as an agent's engine sees it.
    var memoryBlock: MemoryBlock {
        MemoryBlock(label: label, description: description, value: value, limit: limit, readOnly: readOnly)
    }

    /// The block as clients see it.
    func wire(tags: [String]) -> Block {
        var block = Block(id: id, label: label, value: value, limit: limit)
        block.description = description
        block.metadata = metadata
        block.readOnly = readOnly
        block.tags = tags
        block.hidden = hidden
        block.isTemplate = isTemplate
        block.templateName = templateName
        block.preserveOnMigration = preserveOnMigration
        block.origin = origin
        block.createdByID = createdByID
        block.lastUpdatedByID = lastUpdatedByID
        return block
    }
}

extension TemplateOrigin {
    /// Reads the five columns that say where a row came from.
    init(_ row: SQLRow) throws(SQLFailure) {
        self.init()
        projectID = try row["project_id"]
        templateID = try row["template_id"]
        baseTemplateID = try row["base_template_id"]
        deploymentID = try row["deployment_id"]
        entityID = try row["entity_id"]
    }
}
