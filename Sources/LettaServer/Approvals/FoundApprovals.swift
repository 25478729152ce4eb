import AgentEngine
import LettaAPI
import Storage

/// The calls at which contexts wait that no step has just left: of imported agents, and of a request that was put back.
enum FoundApprovals {
    /// Stores what the last messages of the agent's own context, and of its conversations, wait for.
    static func note(of agent: ID<AgentState>, _ policy: ApprovalPolicy, _ ids: IDSource, _ db: Transaction) throws {
        _ = try note(of: agent, in: nil, policy, ids, db)
        for conversation in try AgentTransferStore.conversations(of: agent, db) {
            _ = try note(of: agent, in: conversation, policy, ids, db)
        }
    }

    /// - Parameter conversation: nil for the agent's own.
    /// - Returns: the message at which it waits.
    static func note(
        of agent: ID<AgentState>, in conversation: ID<Conversation>?, _ policy: ApprovalPolicy, _ ids: IDSource,
        _ db: Transaction
    ) throws -> ID<Message>? {
        let messages =
            try conversation.map { try AgentTransferStore.contextEnd(of: $0, db) }
            ?? AgentTransferStore.contextEnd(of: agent, db)
        let turns = try messages.map { try $0.turnMessage() }
        guard let last = turns.lastIndex(where: { $0.role == .assistant }),
            let pending = PendingApproval(atEnd: Array(turns[last...]))
        else { return nil }
        let message = pending.message
        let calls = message.toolCalls.filter(\.needsApproval).map {
            WaitingApproval.Call(name: $0.name, arguments: $0.arguments, toolCallID: $0.id)
        }
        try db.insert(
            WaitingApproval(
                // A conversation may share the message with the agent's own context.
                id: conversation == nil ? ID(message.id) : ids.next(), messageID: ID(message.id), agentID: agent,
                conversationID: conversation,
                runID: message.runID.map { ID($0) },
                stepID: message.stepID.map { ID($0) }, toolCalls: calls,
                createdAt: Timestamp(microseconds: message.createdAt), expiresAt: policy.expiry(of: message.createdAt)),
            into: WaitingApprovalStore.table)
        return ID(message.id)
    }
}
