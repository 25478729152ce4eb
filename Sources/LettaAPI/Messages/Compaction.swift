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
    }
}
