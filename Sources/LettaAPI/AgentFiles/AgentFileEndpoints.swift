public import JSON

extension API {
    /// Agents as files that other servers read.
    public enum AgentTransfer {
        public static let export = Endpoint<ID<AgentState>, ExportAgent, NoBody, AgentFileDocument>(
            .get, "/v1/agents/{agent_id}/export", "Exports an agent with its messages, blocks, tools and folders.")
        public static let exportWithSkills = Endpoint<
            ID<AgentState>, NoQuery, ExportAgentWithSkills?, AgentFileDocument
        >(
            .post, "/v1/agents/{agent_id}/export", "Exports an agent together with skills.")
        /// The body is a form (`multipart/form-data`) with the file and the fields of ``ImportOptions``.
        public static let importFile = Endpoint<NoPath, ImportQuery, NoBody, ImportedAgents>(
            .post, "/v1/agents/import", "Creates the agents of an agent file, or shows what it would create.")
    }
}

public struct ExportAgent: Codable, Sendable {
    /// The older format is read by `letta-server import` and written by no one.
    public var useLegacyFormat: Bool?
    /// Exports the messages of this conversation in the place of the agent's own.
    public var conversationID: String?
    public var scrubMessages: Bool?
    public var maxSteps: Int?

    public init() {}
}

public struct ExportAgentWithSkills: Codable, Sendable {
    public var skills: [AgentFileDocument.SkillEntry]?
    public var conversationID: String?
    public var scrubMessages: Bool?

    public init() {}
}

public struct ImportQuery: Codable, Sendable {
    /// Whether the answer says what the file would create, and nothing is created.
    public var preview: Bool?

    public init() {}
}

/// The fields of the form beside the file.
public struct ImportOptions: Codable, Sendable {
    /// Whether the names of agents get `_copy` at the end; left out: they do.
    public var appendCopySuffix: Bool?
    /// The name of the file's first agent.
    public var name: String?
    public var overrideName: String?
    /// The handle of an embedding model for all agents and folders.
    public var embedding: String?
    public var overrideEmbeddingHandle: String?
    /// The handle of a model for all agents, which keep their context window.
    public var model: String?
    public var overrideModelHandle: String?
    public var stripMessages: Bool?
    /// Whether tools that are there already get the file's source; left out: they do.
    public var overrideExistingTools: Bool?
    public var projectID: String?
    /// A JSON object of environment variables for the agents' tools.
    public var secrets: String?
    public var envVarsJSON: String?

    public init() {}
}

/// The agents that a file became.
public struct ImportedAgents: Codable, Sendable, JSONWritable {
    public var agentIDs: [ID<AgentState>]
    /// What the file has and this server could not take over; nil for nothing.
    public var warnings: [String]?
    /// Where only that was asked for.
    public var preview: ImportPreview?

    public init(_ ids: [ID<AgentState>], warnings: [String], preview: ImportPreview? = nil) {
        agentIDs = ids
        self.warnings = warnings.isEmpty ? nil : warnings
        self.preview = preview
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("agent_ids", agentIDs)
            if let warnings { $0.field("warnings", warnings) }
            if let preview { $0.field("preview", preview) }
        }
    }
}

/// What an agent file would create, and what comes with it.
public struct ImportPreview: Codable, Sendable, JSONWritable {
    public struct Agent: Codable, Sendable {
        public var name: String
        public var agentType: String
        public var model: String?
        public var embedding: String?
        public var messages: Int
        public var blocks: [String]
        public var tools: [String]

        public init(name: String, agentType: String) {
            self.name = name
            self.agentType = agentType
            messages = 0
            blocks = []
            tools = []
        }
    }

    /// What happens to something that is found by its name.
    public enum Action: String, Codable, Sendable, CaseIterable, JSONWritable {
        /// It is not there and will be.
        case create
        /// It is there and gets the file's content, also for the agents that have it now.
        case replace
        /// It is there and stays as it is.
        case use
        /// It is left out.
        case skip
    }

    public struct Tool: Codable, Sendable {
        public var name: String
        public var toolType: String
        public var action: Action
        /// The code that agents would run.
        public var sourceCode: String?
        public var pipRequirements: [ToolRequirement]?

        public init(name: String, toolType: String, action: Action) {
            self.name = name
            self.toolType = toolType
            self.action = action
        }
    }

    public struct Server: Codable, Sendable {
        public var name: String
        public var type: String
        public var action: Action
        /// The address of a remote server, the command line of a local one.
        public var reachedBy: String

        public init(name: String, type: String, action: Action, reachedBy: String) {
            self.name = name
            self.type = type
            self.action = action
            self.reachedBy = reachedBy
        }
    }

    /// A host that turns of the agents would connect to.
    public struct NetworkAccess: Codable, Sendable, Hashable {
        public var address: String
        public var reason: String

        public init(address: String, reason: String) {
            self.address = address
            self.reason = reason
        }
    }

    public var agents: [Agent] = []
    public var blocks: Int = 0
    public var groups: Int = 0
    public var folders: [String] = []
    public var files: Int = 0
    public var tools: [Tool] = []
    public var mcpServers: [Server] = []
    /// The names of environment variables.
    public var environmentVariables: [String] = []
    public var network: [NetworkAccess] = []
    public var skills: [String] = []
    public var archives: [String] = []
    public var passages: Int = 0
    public var conversations: Int = 0
    public var identities: [String] = []

    public init() {}
}
