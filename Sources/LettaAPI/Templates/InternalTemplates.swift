public import JSON

/// An agent that belongs to a deployment of a template kept elsewhere.
public struct CreateInternalAgent: Codable, Sendable {
    /// Its `template_id` and `base_template_id` have to be there.
    public var agent: CreateAgent
    public var deploymentID: String
    public var entityID: String

    public init(_ agent: CreateAgent, deploymentID: String, entityID: String) {
        self.agent = agent
        self.deploymentID = deploymentID
        self.entityID = entityID
    }
}

/// A group that belongs to a deployment of a template kept elsewhere.
public struct CreateInternalGroup: Codable, Sendable {
    public var group: CreateGroup
    public var templateID: String
    public var baseTemplateID: String
    public var deploymentID: String

    public init(_ group: CreateGroup, templateID: String, baseTemplateID: String, deploymentID: String) {
        self.group = group
        self.templateID = templateID
        self.baseTemplateID = baseTemplateID
        self.deploymentID = deploymentID
    }
}

/// A block that belongs to a deployment of a template kept elsewhere.
public struct CreateInternalBlock: Codable, Sendable {
    public var label: String
    public var value: String
    public var templateID: String
    public var baseTemplateID: String
    public var deploymentID: String
    public var entityID: String
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
}

public struct ListDeployment: Codable, Sendable {
    /// `block`, `agent`, `group`; left out: all.
    public var entityTypes: [String]?

    public init() {}
}

/// What belongs to a deployment: blocks, then agents, then groups, each newest first.
public struct Deployment: Codable, Sendable, JSONWritable {
    public struct Entity: Codable, Sendable, JSONWritable {
        public var id: String
        public var type: String
        public var name: String?
        public var description: String?
        public var entityID: String?
        public var projectID: String?

        public init(id: String, type: String) {
            self.id = id
            self.type = type
        }
    }

    public var entities: [Entity]
    public var totalCount: Int
    public var deploymentID: String
    public var message: String

    public init(_ id: String, _ entities: [Entity]) {
        self.entities = entities
        totalCount = entities.count
        deploymentID = id
        message = "Found \(entities.count) entities for deployment \(id)"
    }
}

public struct DeletedDeployment: Codable, Sendable, JSONWritable {
    public var deletedBlocks: [String]
    public var deletedAgents: [String]
    public var deletedGroups: [String]
    public var message: String

    public init(_ id: String, blocks: [String], agents: [String], groups: [String]) {
        deletedBlocks = blocks
        deletedAgents = agents
        deletedGroups = groups
        let count = blocks.count + agents.count + groups.count
        message = "Successfully deleted \(count) entities from deployment \(id)"
    }
}

extension API {
    /// What the hosted product's own template service calls.
    public enum InternalTemplates {
        public static let createAgent = Endpoint<NoPath, NoQuery, CreateInternalAgent, AgentState>(
            .post, "/v1/_internal_templates/agents", "Creates an agent of a deployment.")
        public static let createGroup = Endpoint<NoPath, NoQuery, CreateInternalGroup, Group>(
            .post, "/v1/_internal_templates/groups", "Creates a group of a deployment.")
        public static let createBlock = Endpoint<NoPath, NoQuery, CreateInternalBlock, Block>(
            .post, "/v1/_internal_templates/blocks", "Creates a block of a deployment.")
        public static let createBlocks = Endpoint<NoPath, NoQuery, [CreateInternalBlock], [Block]>(
            .post, "/v1/_internal_templates/blocks/batch", "Creates blocks of a deployment, all or none.")
        public static let deployment = Endpoint<TextPath, ListDeployment, NoBody, Deployment>(
            .get, "/v1/_internal_templates/deployment/{deployment_id}", "Lists what belongs to a deployment.")
        public static let deleteDeployment = Endpoint<TextPath, NoQuery, NoBody, DeletedDeployment>(
            .delete, "/v1/_internal_templates/deployment/{deployment_id}", "Deletes what belongs to a deployment.")
    }
}
