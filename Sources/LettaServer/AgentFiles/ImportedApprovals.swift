import AgentEngine
import LettaAPI
import Storage

/// The calls at which imported agents wait, for the list of approvals.
enum ImportedApprovals {
    /// Stores what the last messages of the agent's own context, and of its conversations, wait for.
    static func note(of agent: ID<AgentState>, _ policy: ApprovalPolicy, _ db: Transaction) throws {
        try note(try AgentTransferStore.contextEnd(of: agent, db), in: nil, of: agent, policy, db)
        for conversation in try AgentTransferStore.conversations(of: agent, db) {
            let end = try AgentTransferStore.contextEnd(of: conversation, db)
            try note(end, in: conversation, of: agent, policy, db)
        }
    }

    private static func note(
        _ messages: [MessageRow], in conversation: ID<Conversation>?, of agent: ID<AgentState>,
        _ policy: ApprovalPolicy, _ db: Transaction
    ) throws {
        let turns = try messages.map { try $0.turnMessage() }
        guard let last = turns.lastIndex(where: { $0.role == .assistant }),
            let pending = PendingApproval(atEnd: Array(turns[last...]))
        else { return }
        let message = pending.message
        let calls = message.toolCalls.filter(\.needsApproval).map {
            WaitingApproval.Call(name: $0.name, arguments: $0.arguments, toolCallID: $0.id)
        }
        try db.insert(
            WaitingApproval(
                id: ID(message.id), messageID: ID(message.id), agentID: agent, conversationID: conversation,
                runID: message.runID.map { ID($0) },
                stepID: message.stepID.map { ID($0) }, toolCalls: calls,
                createdAt: Timestamp(microseconds: message.createdAt), expiresAt: policy.expiry(of: message.createdAt)),
            into: WaitingApprovalStore.table)
    }
}
