public import JSON

/// Agents that work together, and how.
public struct Group: ListedResource, Codable, Sendable, Equatable, JSONWritable {
    public static let idPrefix = "group"

    /// Who decides what happens next in a group.
    public enum ManagerType: String, Codable, Sendable, CaseIterable, JSONWritable {
        case roundRobin = "round_robin"
        case supervisor
        case dynamic
        case sleeptime
        case voiceSleeptime = "voice_sleeptime"
        case swarm
    }

    public var id: ID<Group>
    public var managerType: ManagerType
    public var managerAgentID: ID<AgentState>?
    public var agentIDs: [ID<AgentState>]
    public var description: String
    public var sharedBlockIDs: [ID<Block>]
    /// The companions run after every so many turns of the manager; nil for every turn.
    public var sleeptimeAgentFrequency: Int?
    /// Turns of the manager so far; starts at -1.
    public var turnsCounter: Int?
    public var lastProcessedMessageID: ID<Message>?
    public var terminationToken: String?
    public var maxTurns: Int?
    public var maxMessageBufferLength: Int?
    public var minMessageBufferLength: Int?
    public var hidden: Bool?
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var deploymentID: String?

    public init(
        id: ID<Group>, managerType: ManagerType, managerAgentID: ID<AgentState>?, agentIDs: [ID<AgentState>],
        description: String
    ) {
        self.id = id
        self.managerType = managerType
        self.managerAgentID = managerAgentID
        self.agentIDs = agentIDs
        self.description = description
        sharedBlockIDs = []
    }
}

/// Who manages a group, and how. Each type has fields of its own; those of the other types are ignored.
public struct GroupManagement: Codable, Sendable {
    public var managerType: Group.ManagerType
    /// Needed by all types but `round_robin`.
    public var managerAgentID: Patch<ID<AgentState>> = .keep
    /// For `dynamic`; `DONE!` when absent.
    public var terminationToken: Patch<String> = .keep
    /// For `round_robin` and `dynamic`.
    public var maxTurns: Patch<Int> = .keep
    /// For `sleeptime`.
    public var sleeptimeAgentFrequency: Patch<Int> = .keep
    /// For `voice_sleeptime`, together with the minimum.
    public var maxMessageBufferLength: Patch<Int> = .keep
    public var minMessageBufferLength: Patch<Int> = .keep

    public init(_ managerType: Group.ManagerType, by agent: ID<AgentState>? = nil) {
        self.managerType = managerType
        if let agent { managerAgentID = .set(agent) }
    }
}

public struct CreateGroup: Codable, Sendable, JSONFlattened {
    public var agentIDs: [ID<AgentState>]
    public var description: String
    /// Absent: the agents take turns.
    public var managerConfig: GroupManagement?
    public var projectID: String?
    /// Blocks that the group, its agents and their manager get.
    public var sharedBlockIDs: [ID<Block>]?
    /// Whether lists leave the group out.
    public var hidden: Bool?

    public init(agentIDs: [ID<AgentState>], description: String) {
        self.agentIDs = agentIDs
        self.description = description
    }
}

/// The changes a client may make to a group. A field left out keeps its value.
public struct UpdateGroup: Codable, Sendable {
    public var agentIDs: Patch<[ID<AgentState>]> = .keep
    public var description: Patch<String> = .keep
    /// Has the group's own type.
    public var managerConfig: Patch<GroupManagement> = .keep
    public var projectID: Patch<String> = .keep
    public var sharedBlockIDs: Patch<[ID<Block>]> = .keep

    public init() {}
}

public struct ListGroups: PageQuery {
    public var managerType: Group.ManagerType?
    public var projectID: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum Groups {
        public static let list = Endpoint<NoPath, ListGroups, NoBody, [Group]>(
            .get, "/v1/groups/", "Lists groups, oldest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateGroup, Group>(
            .post, "/v1/groups/", "Creates a group of agents.")
        public static let count = Endpoint<NoPath, NoQuery, NoBody, Int>(
            .get, "/v1/groups/count", "Counts groups.")
        public static let retrieve = Endpoint<ID<Group>, NoQuery, NoBody, Group>(
            .get, "/v1/groups/{group_id}", "Retrieves a group.")
        public static let update = Endpoint<ID<Group>, NoQuery, UpdateGroup, Group>(
            .patch, "/v1/groups/{group_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Group>, NoQuery, NoBody, MessageOutput>(
            .delete, "/v1/groups/{group_id}", "Deletes a group; its agents and blocks stay.")
        public static let attachBlock = Endpoint<NestedPath<Group, Block>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/groups/{group_id}/blocks/attach/{block_id}", "Adds a block to those a group shares.")
        public static let detachBlock = Endpoint<NestedPath<Group, Block>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/groups/{group_id}/blocks/detach/{block_id}", "Removes a block from those a group shares.")
        public static let messages = Endpoint<ID<Group>, ListRelated, NoBody, [LettaMessage]>(
            .get, "/v1/groups/{group_id}/messages", "Lists the messages of a group.")
        public static let send = Endpoint<ID<Group>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/groups/{group_id}/messages", "Sends messages to a group and answers with what its agents said.")
        public static let stream = Endpoint<ID<Group>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/groups/{group_id}/messages/stream", "Sends messages to a group and streams what its agents say."
        )
        public static let reset = Endpoint<ID<Group>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/groups/{group_id}/reset-messages", "Deletes the messages of a group.")
    }

    /// Groups as an agent's other side.
    public enum AgentGroups {
        public static let list = Endpoint<ID<AgentState>, ListAgentGroups, NoBody, [Group]>(
            .get, "/v1/agents/{agent_id}/groups", "Lists the groups an agent is a member of.")
    }
}

/// Pages through the groups of an agent, newest first.
public struct ListAgentGroups: PageQuery {
    public var managerType: Group.ManagerType?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}
