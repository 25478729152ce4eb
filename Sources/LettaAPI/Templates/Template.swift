public import JSON

/// An agent's configuration under a name, from which further agents are made. It has a working version, `current`,
/// and numbered versions that never change.
public struct Template: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "template"

    public var id: ID<Template>
    public var name: String
    public var projectID: String
    public var projectSlug: String
    /// The number of the newest saved version.
    public var latestVersion: String
    public var description: String?
    /// `<project>/<name>:<version>`
    public var templateDeploymentSlug: String
    public var updatedAt: Timestamp

    public init(
        id: ID<Template>, name: String, project: Project, latestVersion: Int, shownVersion: String,
        description: String?, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        projectID = project.id.rawValue
        projectSlug = project.slug
        self.latestVersion = String(latestVersion)
        self.description = description
        templateDeploymentSlug = "\(project.slug)/\(name):\(shownVersion)"
        self.updatedAt = updatedAt
    }
}

/// A page of templates.
public struct TemplateList: Codable, Sendable, JSONWritable {
    public var templates: [Template]
    public var hasNextPage: Bool

    public init(_ templates: [Template], hasNextPage: Bool) {
        self.templates = templates
        self.hasNextPage = hasNextPage
    }
}

/// Which templates a list shows. Filters that are left out do not filter.
public struct ListTemplates: Codable, Sendable {
    public enum Order: String, Codable, Sendable, CaseIterable {
        case updatedAt = "updated_at"
        case createdAt = "created_at"
    }

    /// Part of the name, in any case; the whole name with `exact`.
    public var name: String?
    public var exact: Bool?
    /// Part of the name or of the description, in any case.
    public var search: String?
    /// Shows the templates that have this version.
    public var version: String?
    public var templateID: String?
    public var projectSlug: String?
    public var projectID: String?
    public var sortBy: Order?
    public var offset: Int?
    public var limit: Int?

    public init() {}
}

/// A saved version of a template.
public struct TemplateVersion: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "template-version"

    public var version: String
    public var createdAt: Timestamp
    public var message: String?
    public var isLatest: Bool

    public init(version: Int, createdAt: Timestamp, message: String?, isLatest: Bool) {
        self.version = String(version)
        self.createdAt = createdAt
        self.message = message
        self.isLatest = isLatest
    }
}

/// A page of the versions of a template, newest first.
public struct TemplateVersionList: Codable, Sendable, JSONWritable {
    public var versions: [TemplateVersion]
    public var hasNextPage: Bool
    public var totalCount: Int

    public init(_ versions: [TemplateVersion], hasNextPage: Bool, totalCount: Int) {
        self.versions = versions
        self.hasNextPage = hasNextPage
        self.totalCount = totalCount
    }
}

public struct ListTemplateVersions: Codable, Sendable {
    public var offset: Int?
    public var limit: Int?

    public init() {}
}

/// A new template, from an agent or from an agent file.
public struct CreateTemplate: Codable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case agent
        case agentFile = "agent_file"
    }

    /// Left out: what the other fields say.
    public var type: Kind?
    public var agentID: String?
    public var agentFile: ObjectDocument?
    /// Left out: a random name.
    public var name: String?
    public var updateExistingTools: Bool?

    public init() {}
}

/// Replaces the working version by what an agent file says.
public struct UpdateTemplate: Codable, Sendable {
    public var agentFileJSON: ObjectDocument
    /// Whether unsaved changes become a version before.
    public var saveExistingChanges: Bool?
    public var updateExistingTools: Bool?

    public init(agentFileJSON: ObjectDocument) {
        self.agentFileJSON = agentFileJSON
    }
}

/// What a migration does with blocks that the version does not have.
public enum BlockReconciliation: String, Codable, Sendable, CaseIterable {
    /// Deletes them.
    case all = "reconcile-all"
    case preserveDeleted = "preserve-deleted"
}

public struct SaveTemplate: Codable, Sendable {
    public var message: String?
    /// Whether the agents made from the template get the new version.
    public var migrateAgents: Bool?
    public var preserveCoreMemoriesOnMigration: Bool?
    public var preserveEnvironmentVariablesOnMigration: Bool?
    public var preserveSourcesOnMigration: Bool?
    public var blockReconciliationStrategy: BlockReconciliation?

    public init() {}
}

public struct RollbackTemplate: Codable, Sendable {
    /// A number or `latest`.
    public var version: String

    public init(version: String) {
        self.version = version
    }
}

public struct ForkTemplate: Codable, Sendable {
    /// Left out: a random name.
    public var name: String?

    public init(name: String? = nil) {
        self.name = name
    }
}

public struct RenameTemplate: Codable, Sendable {
    public var newName: String

    public init(newName: String) {
        self.newName = newName
    }
}

public struct DescribeTemplate: Codable, Sendable {
    public var description: Patch<String> = .keep

    public init() {}
}

/// An agent to be made from a version of a template.
public struct CreateTemplateAgents: Codable, Sendable {
    /// Left out: a random name.
    public var agentName: String?
    /// In addition to the template's.
    public var tags: [String]?
    public var identityIDs: [ID<Identity>]?
    /// Values for `{{name}}` in the template's blocks.
    public var memoryVariables: [String: String]?
    /// The values of environment variables of tools.
    public var toolVariables: [String: String]?
    public var initialMessageSequence: [CreateMessage]?

    public init() {}
}

/// The agents that one request made from a template, as older clients read it.
public struct TemplateAgents: Decodable, Sendable, JSONWritable {
    public var agents: [AgentState]
    public var group: Group?
    public var deploymentID: String

    public init(agents: [AgentState], group: Group?, deploymentID: String) {
        self.agents = agents
        self.group = group
        self.deploymentID = deploymentID
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("agents", agents)
            $0.field("group", group)
            $0.field("deployment_id", deploymentID)
        }
    }
}

/// The same, as newer clients read it.
public struct TemplateAgentIDs: Codable, Sendable, JSONWritable {
    public var agentIDs: [ID<AgentState>]
    public var groupID: ID<Group>?
    public var deploymentID: String

    public init(_ made: TemplateAgents) {
        agentIDs = made.agents.map(\.id)
        groupID = made.group?.id
        deploymentID = made.deploymentID
    }
}

/// Gives the agents of a deployment another version of their template.
public struct MigrateDeployment: Codable, Sendable {
    public var version: String
    public var preserveCoreMemories: Bool?
    public var preserveToolVariables: Bool?
    public var preserveSources: Bool?
    public var blockReconciliationStrategy: BlockReconciliation?
    /// In addition to those that the agents have.
    public var memoryVariables: [String: String]?

    public init(version: String) {
        self.version = version
    }
}

/// Gives an agent a version of a template.
public struct MigrateAgent: Codable, Sendable {
    /// `<name>:<version>`
    public var toTemplate: String
    public var preserveCoreMemories: Bool?
    public var preserveToolVariables: Bool?
    public var preserveSources: Bool?

    public init(toTemplate: String) {
        self.toTemplate = toTemplate
    }
}

public struct TemplateOutcome: Codable, Sendable, JSONWritable {
    public var success: Bool
    public var message: String?

    public init(message: String? = nil) {
        success = true
        self.message = message
    }
}
