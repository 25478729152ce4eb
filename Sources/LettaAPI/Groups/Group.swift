public import JSON

/// Agents that work together, and how.
public struct Group: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "group"

    /// Who decides what happens next in a group.
    public enum ManagerType: String, Codable, Sendable, CaseIterable, JSONWritable {
        case roundRobin = "round_robin"
        case supervisor
        case dynamic
        case sleeptime
        case voiceSleeptime = "voice_sleeptime"
        case swarm

        public func write(to writer: inout JSONWriter) {
            writer.value(rawValue)
        }
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

    enum CodingKeys: String, CodingKey {
        case id, description, hidden
        case managerType = "manager_type"
        case managerAgentID = "manager_agent_id"
        case agentIDs = "agent_ids"
        case sharedBlockIDs = "shared_block_ids"
        case sleeptimeAgentFrequency = "sleeptime_agent_frequency"
        case turnsCounter = "turns_counter"
        case lastProcessedMessageID = "last_processed_message_id"
        case terminationToken = "termination_token"
        case maxTurns = "max_turns"
        case maxMessageBufferLength = "max_message_buffer_length"
        case minMessageBufferLength = "min_message_buffer_length"
        case projectID = "project_id"
        case templateID = "template_id"
        case baseTemplateID = "base_template_id"
        case deploymentID = "deployment_id"
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("manager_type", managerType)
            $0.field("agent_ids", agentIDs)
            $0.field("description", description)
            $0.field("project_id", projectID)
            $0.field("template_id", templateID)
            $0.field("base_template_id", baseTemplateID)
            $0.field("deployment_id", deploymentID)
            $0.field("shared_block_ids", sharedBlockIDs)
            $0.field("manager_agent_id", managerAgentID)
            $0.field("termination_token", terminationToken)
            $0.field("max_turns", maxTurns)
            $0.field("sleeptime_agent_frequency", sleeptimeAgentFrequency)
            $0.field("turns_counter", turnsCounter)
            $0.field("last_processed_message_id", lastProcessedMessageID)
            $0.field("max_message_buffer_length", maxMessageBufferLength)
            $0.field("min_message_buffer_length", minMessageBufferLength)
            $0.field("hidden", hidden)
        }
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

    enum CodingKeys: String, CodingKey {
        case before, after, limit, order
        case managerType = "manager_type"
    }
}
