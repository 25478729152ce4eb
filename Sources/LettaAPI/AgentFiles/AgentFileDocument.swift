public import JSON

/// The content of an agent file (`.af`): agents and what they need, linked by ids that count within the file alone.
///
/// Values of secrets are not part of the format.
public struct AgentFileDocument: Codable, Sendable, JSONWritable {
    public var agents: [AgentEntry]
    public var groups: [GroupEntry]
    public var blocks: [BlockEntry]
    public var files: [FileEntry]
    public var sources: [SourceEntry]
    public var tools: [ToolEntry]
    public var mcpServers: [ServerEntry]
    public var skills: [SkillEntry]?
    public var archives: [ArchiveEntry]?
    public var identities: [IdentityEntry]?
    /// `revision_id` names the version of the format's writer; files of every version are read.
    public var metadata: ObjectDocument?
    public var createdAt: Timestamp?

    /// The lists that every file has.
    package static let required = ["agents", "groups", "blocks", "files", "sources", "tools", "mcp_servers"]

    public init(createdAt: Timestamp) {
        agents = []
        groups = []
        blocks = []
        files = []
        sources = []
        tools = []
        mcpServers = []
        skills = []
        archives = []
        identities = []
        self.createdAt = createdAt
    }
}

extension AgentFileDocument {
    /// An agent: the request that creates it, and its messages.
    public struct AgentEntry: Codable, Sendable {
        public var agent: CreateAgent
        public var id: String
        public var inContextMessageIDs: [String]
        /// Oldest first.
        public var messages: [MessageEntry]
        public var filesAgents: [OpenFileEntry]
        public var groupIDs: [String]
        /// The one that takes new memories comes first.
        public var archiveIDs: [String]
        /// Not `identity_ids`, which other servers look up among their own.
        public var identities: [String]
        public var conversations: [ConversationEntry]

        public init(_ agent: CreateAgent, id: String) {
            self.agent = agent
            self.id = id
            inContextMessageIDs = []
            messages = []
            filesAgents = []
            groupIDs = []
            archiveIDs = []
            identities = []
            conversations = []
        }

        private enum CodingKeys: CodingKey {
            case id, inContextMessageIDs, messages, filesAgents, groupIDs, archiveIDs, identities, conversations
        }

        /// Members of requests by older clients, which this server's own requests don't have.
        private enum FixedKeys: CodingKey {
            case includeDefaultSource, fromTemplate, template, project
        }

        public init(from decoder: any Decoder) throws {
            agent = try CreateAgent(from: decoder)
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            id = try fields.decode(String.self, forKey: .id)
            inContextMessageIDs = try fields.decode(.inContextMessageIDs, or: [])
            messages = try fields.decode(.messages, or: [])
            filesAgents = try fields.decode(.filesAgents, or: [])
            groupIDs = try fields.decode(.groupIDs, or: [])
            archiveIDs = try fields.decode(.archiveIDs, or: [])
            identities = try fields.decode(.identities, or: [])
            conversations = try fields.decode(.conversations, or: [])
        }

        public func encode(to encoder: any Encoder) throws {
            try agent.encode(to: encoder)
            var fixed = encoder.container(keyedBy: FixedKeys.self)
            try fixed.encode(false, forKey: .includeDefaultSource)
            try fixed.encodeNil(forKey: .fromTemplate)
            try fixed.encode(false, forKey: .template)
            try fixed.encodeNil(forKey: .project)
            var fields = encoder.container(keyedBy: CodingKeys.self)
            try fields.encode(id, forKey: .id)
            try fields.encode(inContextMessageIDs, forKey: .inContextMessageIDs)
            try fields.encode(messages, forKey: .messages)
            try fields.encode(filesAgents, forKey: .filesAgents)
            try fields.encode(groupIDs, forKey: .groupIDs)
            try fields.encode(archiveIDs, forKey: .archiveIDs)
            try fields.encode(identities, forKey: .identities)
            try fields.encode(conversations, forKey: .conversations)
        }
    }

    public struct MessageEntry: Codable, Sendable {
        public var type: String? = "message"
        public var otid: String?
        public var groupID: String?
        /// One of the format's roles: those of messages, and `approval`, `function` and `summary`.
        public var role: String
        /// A text, or a list of parts.
        public var content: JSONValue?
        public var name: String?
        public var senderID: String?
        public var batchItemID: String?
        public var id: String
        public var model: String?
        public var agentID: String?
        public var toolCalls: [JSONValue]?
        public var toolCallID: String?
        public var toolReturns: [JSONValue]? = []
        public var createdAt: Timestamp?
        public var approve: Bool?
        public var approvalRequestID: String?
        public var denialReason: String?
        public var approvals: [JSONValue]? = []

        public init(id: String, role: String) {
            self.id = id
            self.role = role
        }
    }

    /// A file that an agent has through one of its folders.
    public struct OpenFileEntry: Codable, Sendable {
        public var agentID: String
        public var fileID: String
        public var sourceID: String
        public var fileName: String
        public var isOpen: Bool?
        public var visibleContent: String?
        public var lastAccessedAt: Timestamp?
        public var startLine: Int?
        public var endLine: Int?
        public var id: String

        public init(_ file: AgentFile, id: String, agent: String, file fileID: String, source: String) {
            agentID = agent
            self.fileID = fileID
            sourceID = source
            fileName = file.fileName
            isOpen = file.isOpen
            visibleContent = file.visibleContent
            lastAccessedAt = file.lastAccessedAt
            startLine = file.startLine
            endLine = file.endLine
            self.id = id
        }
    }

    public struct GroupEntry: Codable, Sendable {
        public var agentIDs: [String]
        public var description: String
        /// The ids in it count within the file.
        public var managerConfig: GroupManagement?
        public var projectID: String?
        public var sharedBlockIDs: [String]?
        public var hidden: Bool?
        public var id: String

        public init(agentIDs: [String], description: String, id: String) {
            self.agentIDs = agentIDs
            self.description = description
            self.id = id
        }
    }

    public struct BlockEntry: Codable, Sendable {
        public var value: String
        public var limit: Int?
        public var projectID: String?
        public var templateName: String?
        public var isTemplate: Bool?
        public var templateID: String?
        public var baseTemplateID: String?
        public var deploymentID: String?
        public var entityID: String?
        public var preserveOnMigration: Bool?
        public var label: String
        public var readOnly: Bool?
        public var description: String?
        public var metadata: ObjectDocument?
        public var hidden: Bool?
        public var tags: [String]?
        public var id: String

        public init(_ block: Block, label: String, id: String) {
            value = block.value
            limit = block.limit
            projectID = block.origin.projectID
            templateName = block.templateName
            isTemplate = block.isTemplate
            templateID = block.origin.templateID
            baseTemplateID = block.origin.baseTemplateID
            deploymentID = block.origin.deploymentID
            entityID = block.origin.entityID
            preserveOnMigration = block.preserveOnMigration
            self.label = label
            readOnly = block.readOnly
            description = block.description
            metadata = block.metadata
            hidden = block.hidden
            tags = block.tags.isEmpty ? nil : block.tags
            self.id = id
        }
    }
}
