import AgentEngine
import LettaAPI
import Storage

/// Table `waiting_approval`: what lists show. Whether a turn has to wait is decided by its messages alone.
enum WaitingApprovalStore {
    static let table = Table<WaitingApproval>("waiting_approval")

    static func page(_ query: ListApprovals, _ db: Transaction) throws -> Page<WaitingApproval> {
        try db.page(
            table, query, defaultLimit: 50, order: .newestFirst,
            where: [query.agentID.map { "agent_id = \($0)" }])
    }

    /// Stores the calls of a step that stopped at them.
    static func insert(_ step: StepResult, _ state: TurnState, _ db: Transaction) throws {
        guard step.end?.stop == .requiresApproval,
            let message = step.messages.first(where: { $0.toolCalls.contains(where: \.needsApproval) })
        else { return }
        let calls = message.toolCalls.filter(\.needsApproval).map {
            WaitingApproval.Call(name: $0.name, arguments: $0.arguments, toolCallID: $0.id)
        }
        let waiting = WaitingApproval(
            id: ID(message.id), messageID: ID(message.id), agentID: state.agent.id,
            conversationID: state.memory.conversation, runID: state.run.id,
            stepID: message.stepID.map { ID($0) }, toolCalls: calls,
            createdAt: Timestamp(microseconds: message.createdAt),
            expiresAt: state.approvals.expiry(of: message.createdAt))
        try db.insert(waiting, into: table)
    }

    /// What agents wait for in their own conversations, as their message lists show it.
    static func requests(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: LettaMessage] {
        try waiting(of: agents, db).compactMapValues(\.request)
    }

    /// What agents wait for in their own conversations.
    static func waiting(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: WaitingApproval] {
        let waiting = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT \(table.columns) FROM waiting_approval
                WHERE organization_id = \(db.organization) AND agent_id IN (\(list: agents))
                    AND conversation_id IS NULL
                ORDER BY created_at, id
                """
            ).map { try table.row($0) }
        }
        return Dictionary(waiting.map { ($0.agentID, $0) }) { $1 }
    }

    /// Copies what waits in a conversation, or in the agent's own one, to a fork of it.
    ///
    /// - Parameter time: of the fork.
    static func copy(
        from source: ContextThread, to fork: ID<Conversation>, ids: IDSource, at time: Timestamp, _ db: Transaction
    ) throws {
        for var waiting in try db.fetchAll(table, where: isOf(source), orderBy: "created_at, id") {
            waiting.id = ids.next()
            waiting.conversationID = fork
            waiting.createdAt = time
            waiting.updatedAt = time
            try db.insert(waiting, into: table)
        }
    }

    /// Removes what waits at a message. Other conversations that share the message still wait.
    static func remove(_ message: String, of thread: ContextThread, _ db: Transaction) throws {
        try delete(where: "message_id = \(message) AND \(isOf(thread))", db)
    }

    private static func delete(where condition: SQLText, _ db: Transaction) throws {
        try DeletedKeyStore.note(in: table, where: condition, db)
        try db.execute("DELETE FROM waiting_approval WHERE organization_id = \(db.organization) AND \(condition)")
    }

    private static func isOf(_ thread: ContextThread) -> SQLText {
        let own: SQLText = thread.conversation.map { "conversation_id = \($0)" } ?? "conversation_id IS NULL"
        return "agent_id = \(thread.agent) AND \(own)"
    }

    /// Removes what waits in a conversation; nil for the agent's own.
    ///
    /// - Parameter context: the messages that stay in the context, with what waits among them.
    static func remove(
        of agent: ID<AgentState>, in conversation: ID<Conversation>?, keeping context: [String] = [], _ db: Transaction
    ) throws {
        let thread = ContextThread(agent: agent, conversation: conversation)
        let waiting = try db.fetchAll(table, where: isOf(thread)).map(\.messageID.rawValue)
        for message in Set(waiting).subtracting(context) { try remove(message, of: thread, db) }
    }
}

extension WaitingApproval {
    fileprivate var request: LettaMessage? {
        let calls = toolCalls.map {
            TurnMessage.ToolCall(id: $0.toolCallID, name: $0.name, arguments: $0.arguments, needsApproval: true)
        }
        let message = TurnMessage(
            id: messageID.rawValue, role: .assistant, parts: calls.map { .toolCall($0) }, stepID: stepID?.rawValue,
            runID: runID?.rawValue, createdAt: createdAt.microseconds)
        return WireMessage.entries(of: message, for: .list).last.map { LettaMessage($0) }
    }
}
