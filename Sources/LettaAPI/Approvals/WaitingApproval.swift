public import JSON

/// The calls of one message that wait for an approval, or for the results of the client's own tools.
public struct WaitingApproval: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "message"

    /// The id of the message with the calls; an id of its own in a fork, which shares the message.
    public var id: ID<WaitingApproval>
    /// The message with the calls.
    public var messageID: ID<Message>
    public var agentID: ID<AgentState>
    /// Nil for the agent's own conversation.
    public var conversationID: ID<Conversation>?
    /// The run that stopped at the calls.
    public var runID: ID<Run>?
    public var stepID: ID<Step>?
    public var toolCalls: [Call]
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// From then on the next message to the agent denies the calls.
    public var expiresAt: Timestamp

    /// A call that waits.
    public struct Call: Codable, Sendable {
        public var name: String
        /// The text of a JSON object.
        public var arguments: String
        public var toolCallID: String

        public init(name: String, arguments: String, toolCallID: String) {
            self.name = name
            self.arguments = arguments
            self.toolCallID = toolCallID
        }
    }

    public init(
        id: ID<WaitingApproval>, messageID: ID<Message>, agentID: ID<AgentState>, conversationID: ID<Conversation>?,
        runID: ID<Run>?,
        stepID: ID<Step>?, toolCalls: [Call], createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.messageID = messageID
        self.agentID = agentID
        self.conversationID = conversationID
        self.runID = runID
        self.stepID = stepID
        self.toolCalls = toolCalls
        self.createdAt = createdAt
        updatedAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Pages through what waits for approval.
public struct ListApprovals: PageQuery {
    public var agentID: ID<AgentState>?
    public var before: String?
    public var after: String?
    /// Left out: 50.
    public var limit: Int?
    /// Left out: newest first.
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum Approvals {
        public static let list = Endpoint<NoPath, ListApprovals, NoBody, [WaitingApproval]>(
            .get, "/v1/approvals/", "Lists the tool calls that wait for an approval or a client's result, newest first."
        )
    }
}
