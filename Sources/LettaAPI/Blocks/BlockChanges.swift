import JSON

/// The value of a block as a client may send it: text, or a JSON object that is kept as its compact text.
public struct BlockValue: Codable, Sendable, Hashable {
    public var text: String

    public init(_ text: String) {
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        switch try JSONValue(from: decoder) {
        case .string(let text): self.text = text
        case .object(let object): text = JSONWriter.string(of: object)
        default:
            throw DecodingError.typeMismatch(
                String.self, .init(codingPath: decoder.codingPath, debugDescription: "neither text nor object"))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A new block. What is left out gets the documented default.
public struct CreateBlock: Codable, Sendable {
    public var label: String
    public var value: BlockValue?
    public var limit: Int?
    public var description: String?
    public var metadata: ObjectDocument?
    public var readOnly: Bool?
    public var tags: [String]?
    public var hidden: Bool?
    public var isTemplate: Bool?
    public var templateName: String?
    public var preserveOnMigration: Bool?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var deploymentID: String?
    public var entityID: String?

    public init(label: String, value: String, limit: Int? = nil, description: String? = nil) {
        self.label = label
        self.value = BlockValue(value)
        self.limit = limit
        self.description = description
    }

    enum CodingKeys: String, CodingKey {
        case label, value, limit, description, metadata, tags, hidden
        case readOnly = "read_only"
        case isTemplate = "is_template"
        case templateName = "template_name"
        case preserveOnMigration = "preserve_on_migration"
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
        case deploymentID = "deployment_id"
        case entityID = "entity_id"
    }
}

/// The changes a client may make to a block. A field left out keeps its value; `null` clears what can be empty.
public struct UpdateBlock: Codable, Sendable {
    public var label: Patch<String> = .keep
    public var value: Patch<BlockValue> = .keep
    public var limit: Patch<Int> = .keep
    public var description: Patch<String> = .keep
    public var metadata: Patch<ObjectDocument> = .keep
    public var readOnly: Patch<Bool> = .keep
    public var tags: Patch<[String]> = .keep
    public var hidden: Patch<Bool> = .keep
    public var isTemplate: Patch<Bool> = .keep
    public var templateName: Patch<String> = .keep
    public var preserveOnMigration: Patch<Bool> = .keep
    public var projectID: Patch<String> = .keep
    public var templateID: Patch<String> = .keep
    public var baseTemplateID: Patch<String> = .keep
    public var deploymentID: Patch<String> = .keep
    public var entityID: Patch<String> = .keep

    public init() {}

    enum CodingKeys: String, CodingKey {
        case label, value, limit, description, metadata, tags, hidden
        case readOnly = "read_only"
        case isTemplate = "is_template"
        case templateName = "template_name"
        case preserveOnMigration = "preserve_on_migration"
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
        case deploymentID = "deployment_id"
        case entityID = "entity_id"
    }
}
