public import JSON

/// How the messages of an agent's own thread are to be compacted.
public struct CompactMessages: Codable, Sendable {
    /// Used this time instead of the agent's own settings.
    public var compactionSettings: CompactionSettings?

    public init() {}
}

/// How the messages of a conversation are to be compacted.
public struct CompactConversation: Codable, Sendable {
    /// The agent whose conversation `default` names.
    public var agentID: ID<AgentState>?
    /// Used this time instead of the agent's own settings.
    public var compactionSettings: CompactionSettings?

    public init() {}
}

/// What a compaction made of a context.
public struct CompactionResult: Codable, Sendable, JSONWritable {
    /// Empty when there was nothing to compact.
    public var summary: String
    public var numMessagesBefore: Int
    public var numMessagesAfter: Int

    public init(summary: String, numMessagesBefore: Int, numMessagesAfter: Int) {
        self.summary = summary
        self.numMessagesBefore = numMessagesBefore
        self.numMessagesAfter = numMessagesAfter
    }
}

extension API {
    /// Replacing the older part of a context by a summary.
    public enum Compaction {
        public static let agent = Endpoint<ID<AgentState>, NoQuery, CompactMessages?, CompactionResult>(
            .post, "/v1/agents/{agent_id}/summarize", "Replaces older messages in an agent's context by a summary.")
        public static let conversation = Endpoint<ConversationPath, NoQuery, CompactConversation?, CompactionResult>(
            .post, "/v1/conversations/{conversation_id}/compact",
            "Replaces older messages in a conversation's context by a summary.")
        public static let remove = Endpoint<
            NestedPath<AgentState, Message>, ChangeContext, NoBody, ContextChange
        >(
            .delete, "/v1/agents/{agent_id}/context/messages/{message_id}",
            "Takes a message out of the context, with a call its results; it stays in the lists.")
        public static let putBack = Endpoint<
            NestedPath<AgentState, Message>, ChangeContext, NoBody, ContextChange
        >(
            .put, "/v1/agents/{agent_id}/context/messages/{message_id}",
            "Puts a message that left the context back in its place, with a call its results.")
    }
}

/// Whose context is changed.
public struct ChangeContext: Codable, Sendable {
    /// A conversation of the agent; left out: the agent's own one.
    public var conversationID: ID<Conversation>?

    public init(_ conversationID: ID<Conversation>? = nil) {
        self.conversationID = conversationID
    }
}

/// What left a context, or came back to it.
public struct ContextChange: Codable, Sendable, JSONWritable {
    /// The message, and those that can't be told to a model without it.
    public var messageIDs: [ID<Message>]

    public init(_ messageIDs: [ID<Message>]) {
        self.messageIDs = messageIDs
    }
}
