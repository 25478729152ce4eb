public import JSON

/// A piece of core memory: text under a label, always in the sight of the agents it is attached to.
public struct Block: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "block"

    public var id: ID<Block>
    public var label: String?
    public var value: String
    /// The most characters (Unicode scalars) that `value` may have.
    public var limit: Int
    public var description: String?
    public var metadata: ObjectDocument?
    /// Whether agents are kept from changing it. People may.
    public var readOnly: Bool
    public var tags: [String]
    public var hidden: Bool?
    public var isTemplate: Bool
    public var templateName: String?
    public var preserveOnMigration: Bool?
    public var origin: TemplateOrigin
    public var createdByID: String?
    public var lastUpdatedByID: String?

    public init(id: ID<Block>, label: String?, value: String, limit: Int) {
        self.id = id
        self.label = label
        self.value = value
        self.limit = limit
        readOnly = false
        tags = []
        isTemplate = false
        origin = TemplateOrigin()
    }

    enum CodingKeys: String, CodingKey {
        case id, label, value, limit, description, metadata, tags, hidden
        case readOnly = "read_only"
        case isTemplate = "is_template"
        case templateName = "template_name"
        case preserveOnMigration = "preserve_on_migration"
        case createdByID = "created_by_id"
        case lastUpdatedByID = "last_updated_by_id"
    }
}

extension Block {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(ID<Block>.self, forKey: .id)
        label = try fields.decodeIfPresent(String.self, forKey: .label)
        value = try fields.decode(String.self, forKey: .value)
        limit = try fields.decode(Int.self, forKey: .limit)
        description = try fields.decodeIfPresent(String.self, forKey: .description)
        metadata = try fields.decodeIfPresent(ObjectDocument.self, forKey: .metadata)
        readOnly = try fields.decode(.readOnly, or: false)
        tags = try fields.decode(.tags, or: [])
        hidden = try fields.decodeIfPresent(Bool.self, forKey: .hidden)
        isTemplate = try fields.decode(.isTemplate, or: false)
        templateName = try fields.decodeIfPresent(String.self, forKey: .templateName)
        preserveOnMigration = try fields.decodeIfPresent(Bool.self, forKey: .preserveOnMigration)
        createdByID = try fields.decodeIfPresent(String.self, forKey: .createdByID)
        lastUpdatedByID = try fields.decodeIfPresent(String.self, forKey: .lastUpdatedByID)
        origin = try TemplateOrigin(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encodeIfPresent(label, forKey: .label)
        try fields.encode(value, forKey: .value)
        try fields.encode(limit, forKey: .limit)
        try fields.encodeIfPresent(description, forKey: .description)
        try fields.encodeIfPresent(metadata, forKey: .metadata)
        try fields.encode(readOnly, forKey: .readOnly)
        try fields.encode(tags, forKey: .tags)
        try fields.encodeIfPresent(hidden, forKey: .hidden)
        try fields.encode(isTemplate, forKey: .isTemplate)
        try fields.encodeIfPresent(templateName, forKey: .templateName)
        try fields.encodeIfPresent(preserveOnMigration, forKey: .preserveOnMigration)
        try fields.encodeIfPresent(createdByID, forKey: .createdByID)
        try fields.encodeIfPresent(lastUpdatedByID, forKey: .lastUpdatedByID)
        try origin.encode(to: encoder)
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("value", value)
            $0.field("limit", limit)
            $0.field("project_id", origin.projectID)
            $0.field("template_name", templateName)
            $0.field("is_template", isTemplate)
            $0.field("template_id", origin.templateID)
            $0.field("base_template_id", origin.baseTemplateID)
            $0.field("deployment_id", origin.deploymentID)
            $0.field("entity_id", origin.entityID)
            $0.field("preserve_on_migration", preserveOnMigration)
            $0.field("label", label)
            $0.field("read_only", readOnly)
            $0.field("description", description)
            $0.field("metadata", metadata)
            $0.field("hidden", hidden)
            $0.field("id", id)
            $0.field("created_by_id", createdByID)
            $0.field("last_updated_by_id", lastUpdatedByID)
            $0.field("tags", tags)
        }
    }
}

/// Which project, template and deployment a resource came from; all nil for one made by hand.
public struct TemplateOrigin: Codable, Sendable, Hashable, JSONFlattened {
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var deploymentID: String?
    public var entityID: String?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
        case deploymentID = "deployment_id"
        case entityID = "entity_id"
    }
}
