public import JSON

/// Agents that work together, and how.
public struct Group: ListedResource, Codable, Sendable, JSONWritable {
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

extension API {
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
