public import JSON

extension API {
    /// Agents themselves.
    public enum Agents {
        public static let list = Endpoint<NoPath, ListAgents, NoBody, [AgentState]>(
            .get, "/v1/agents/", "Lists agents, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateAgent, AgentState>(
            .post, "/v1/agents/", "Creates an agent.")
        public static let count = Endpoint<NoPath, AgentFilter, NoBody, Int>(
            .get, "/v1/agents/count", "Counts agents.")
        public static let search = Endpoint<NoPath, NoQuery, SearchAgents, AgentSearchResult>(
            .post, "/v1/agents/search", "Finds agents by conditions.")
        public static let retrieve = Endpoint<ID<AgentState>, RetrieveAgent, NoBody, AgentState>(
            .get, "/v1/agents/{agent_id}", "Retrieves an agent.")
        public static let update = Endpoint<ID<AgentState>, NoQuery, UpdateAgent, AgentState>(
            .patch, "/v1/agents/{agent_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<AgentState>, NoQuery, NoBody, MessageOutput>(
            .delete, "/v1/agents/{agent_id}", "Deletes an agent with its messages; its blocks stay.")
        public static let context = Endpoint<ID<AgentState>, RetrieveContext, NoBody, ContextWindow>(
            .get, "/v1/agents/{agent_id}/context", "Shows what fills the context window.")
        public static let recompile = Endpoint<ID<AgentState>, RecompileAgent, NoBody, String>(
            .post, "/v1/agents/{agent_id}/recompile", "Makes the system message anew and answers with it.",
            aliases: ["/v1/agents/{agent_id}/system-prompt/recompile"])
    }

    /// An agent's core memory: the blocks that are always in its sight.
    public enum CoreMemory {
        public static let retrieve = Endpoint<ID<AgentState>, NoQuery, NoBody, Memory>(
            .get, "/v1/agents/{agent_id}/core-memory", "Retrieves the core memory of an agent.")
        public static let listBlocks = Endpoint<ID<AgentState>, ListRelated, NoBody, [Block]>(
            .get, "/v1/agents/{agent_id}/core-memory/blocks", "Lists the blocks of an agent.")
        public static let retrieveBlock = Endpoint<NamedPath<AgentState>, NoQuery, NoBody, Block>(
            .get, "/v1/agents/{agent_id}/core-memory/blocks/{block_label}", "Retrieves a block of an agent by label.")
        public static let updateBlock = Endpoint<NamedPath<AgentState>, NoQuery, UpdateBlock, Block>(
            .patch, "/v1/agents/{agent_id}/core-memory/blocks/{block_label}",
            "Changes the fields present in the body.")
        public static let attachBlock = Endpoint<NestedPath<AgentState, Block>, NoQuery, NoBody, AgentState>(
            .patch, "/v1/agents/{agent_id}/core-memory/blocks/attach/{block_id}", "Attaches a block to an agent.")
        public static let detachBlock = Endpoint<NestedPath<AgentState, Block>, NoQuery, NoBody, AgentState>(
            .patch, "/v1/agents/{agent_id}/core-memory/blocks/detach/{block_id}", "Takes a block from an agent.")
        public static let variables = Endpoint<ID<AgentState>, NoQuery, NoBody, MemoryVariables>(
            .get, "/v1/agents/{agent_id}/core-memory/variables", "Lists the variables an agent's memory was made with.")
    }

    /// The tools an agent may call.
    public enum AgentTools {
        public static let list = Endpoint<ID<AgentState>, ListRelated, NoBody, [Tool]>(
            .get, "/v1/agents/{agent_id}/tools", "Lists the tools of an agent.")
        public static let attach = Endpoint<NestedPath<AgentState, Tool>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/tools/attach/{tool_id}", "Lets an agent call a tool.")
        public static let detach = Endpoint<NestedPath<AgentState, Tool>, NoQuery, NoBody, AgentState?>(
            .patch, "/v1/agents/{agent_id}/tools/detach/{tool_id}", "Takes a tool from an agent.")
        public static let setApproval = Endpoint<NamedPath<AgentState>, ToolApproval, ToolApproval?, AgentState?>(
            .patch, "/v1/agents/{agent_id}/tools/approval/{tool_name}",
            "Says whether a person has to agree before an agent's tool runs.")
        public static let run = Endpoint<NamedPath<AgentState>, NoQuery, RunAgentTool?, ToolExecutionResult>(
            .post, "/v1/agents/{agent_id}/tools/{tool_name}/run",
            "Runs a tool of an agent as the agent would, without a message.")
    }

    /// The spellings of agent operations that the hosted product's own tools use.
    public enum InternalAgents {
        public static let count = Endpoint<NoPath, CountInternalAgents, NoBody, Int>(
            .get, "/v1/_internal_agents/count", "Counts agents.")
        public static let updateBlock = Endpoint<NamedPath<AgentState>, NoQuery, UpdateBlock, Block>(
            .patch, "/v1/_internal_agents/{agent_id}/core-memory/blocks/{block_label}",
            "Changes the fields present in the body.")
    }

    /// The tags that agents carry.
    public enum Tags {
        public static let list = Endpoint<NoPath, ListTags, NoBody, [String]>(
            .get, "/v1/tags/", "Lists the distinct tags of agents, in order of name.")
    }
}

/// Whose context is shown.
public struct RetrieveContext: Codable, Sendable {
    public var conversationID: String?

    public init() {}
}

/// How the system message is made anew.
public struct RecompileAgent: Codable, Sendable {
    /// Whether the time line says now; otherwise it is left when nothing else changed.
    public var updateTimestamp: Bool?
    /// Whether the text is only answered and not stored.
    public var dryRun: Bool?

    public init() {}
}

/// Pages through what belongs to an agent.
public struct ListRelated: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Which agents the hosted product's tools count.
public struct CountInternalAgents: Codable, Sendable {
    public var excludeHidden: Bool?

    public init() {}
}

/// Which tags a list shows.
public struct ListTags: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// Part of the tag, in any case.
    public var queryText: String?
    public var name: String?

    public init() {}
}

/// Whether a tool needs approval; in the body or the query, the body wins.
public struct ToolApproval: Codable, Sendable {
    public var requiresApproval: Bool?

    public init(_ requiresApproval: Bool?) {
        self.requiresApproval = requiresApproval
    }
}

/// The variables that filled an agent's memory at its creation.
public struct MemoryVariables: Codable, Sendable, JSONWritable {
    public var variables: [String: String]

    public init(_ variables: [String: String]) {
        self.variables = variables
    }
}
