public import JSON

/// Messages that an agent gets at a time, or again and again.
public struct ScheduledMessage: ListedResource, Codable, Sendable, JSONWritable, JSONFlattened {
    public static let idPrefix = "schedule"

    public var id: ID<ScheduledMessage>
    public var agentID: ID<AgentState>
    public var message: ScheduledMessages
    public var schedule: MessageSchedule
    /// Nil for one that has no time left.
    public var nextScheduledTime: Timestamp?

    public init(
        id: ID<ScheduledMessage>, agentID: ID<AgentState>, message: ScheduledMessages, schedule: MessageSchedule
    ) {
        self.id = id
        self.agentID = agentID
        self.message = message
        self.schedule = schedule
    }
}

/// A scheduled message among those of all agents, with the name of its agent.
public struct ListedSchedule: ListElement, Codable, Sendable, JSONWritable {
    public var scheduled: ScheduledMessage
    public var agentName: String

    public init(_ scheduled: ScheduledMessage, agentName: String) {
        self.scheduled = scheduled
        self.agentName = agentName
    }

    public var cursor: String { scheduled.cursor }
}

/// What is sent when the time comes.
public struct ScheduledMessages: Codable, Sendable, JSONWritable {
    public var messages: [CreateMessage]
    public var callbackURL: String?
    public var includeReturnMessageTypes: [LettaMessageType]?
    public var maxSteps: Int?

    public init(_ messages: [CreateMessage]) {
        self.messages = messages
    }
}

public struct MessageSchedule: Codable, Sendable, Hashable, JSONWritable {
    public enum Kind: String, Codable, Sendable, CaseIterable, JSONWritable {
        case oneTime = "one-time"
        case recurring
    }

    /// Left out: once.
    public var type: Kind?
    /// Milliseconds since 1970 UTC; a number that is too small for a time since 1973 counts seconds.
    public var scheduledAt: Double?
    /// Five fields, as cron has them.
    public var cronExpression: String?
    /// The zone of the expression; left out: the agent's.
    public var timezone: String?

    public init() {}
}

public struct CreateSchedule: Codable, Sendable {
    public var messages: [CreateMessage]
    public var schedule: MessageSchedule
    public var callbackURL: String?
    public var includeReturnMessageTypes: [LettaMessageType]?
    public var maxSteps: Int?

    public init(_ messages: [CreateMessage], _ schedule: MessageSchedule) {
        self.messages = messages
        self.schedule = schedule
    }
}

/// The answer to a new schedule.
public struct NewSchedule: Codable, Sendable, JSONWritable {
    public var id: ID<ScheduledMessage>
    public var nextScheduledAt: Timestamp?

    public init(id: ID<ScheduledMessage>, nextScheduledAt: Timestamp?) {
        self.id = id
        self.nextScheduledAt = nextScheduledAt
    }
}

public struct ListSchedules: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// A page of schedules.
public struct ScheduleList: Codable, Sendable, JSONWritable {
    public var hasNextPage: Bool
    public var scheduledMessages: [ScheduledMessage]

    public init(_ page: Page<ScheduledMessage>) {
        hasNextPage = page.next != nil
        scheduledMessages = page.items
    }
}

public struct SuccessOutput: Codable, Sendable, JSONWritable {
    public var success = true

    public init() {}
}

extension API {
    /// Messages that are sent later.
    public enum Schedules {
        public static let listAll = Endpoint<NoPath, ListSchedules, NoBody, [ListedSchedule]>(
            .get, "/v1/server/schedules", "Lists the scheduled messages of all agents with their names, oldest first.")
        public static let list = Endpoint<ID<AgentState>, ListSchedules, NoBody, ScheduleList>(
            .get, "/v1/agents/{agent_id}/schedule", "Lists the scheduled messages of an agent, oldest first.")
        public static let create = Endpoint<ID<AgentState>, NoQuery, CreateSchedule, NewSchedule>(
            .post, "/v1/agents/{agent_id}/schedule", "Schedules messages, once or again and again.")
        public static let retrieve = Endpoint<
            NestedPath<AgentState, ScheduledMessage>, NoQuery, NoBody, ScheduledMessage
        >(
            .get, "/v1/agents/{agent_id}/schedule/{scheduled_message_id}", "Retrieves a scheduled message.")
        public static let delete = Endpoint<NestedPath<AgentState, ScheduledMessage>, NoQuery, NoBody, SuccessOutput>(
            .delete, "/v1/agents/{agent_id}/schedule/{scheduled_message_id}", "Deletes a scheduled message.")
    }
}
