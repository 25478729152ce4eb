import LettaAPI

/// Whose context it is: the agent's own one, or that of a conversation.
struct ContextThread: Sendable, Hashable {
    let agent: ID<AgentState>
    /// Nil for the agent's own.
    var conversation: ID<Conversation>?
}

extension TurnRequest {
    var thread: ContextThread { ContextThread(agent: agent, conversation: conversation) }
}

extension TurnState {
    var thread: ContextThread { ContextThread(agent: agent.id, conversation: memory.conversation) }
}
