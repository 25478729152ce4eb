import LettaAPI
import Logging

/// Turns whose agent or conversation is deleted while they are at work end as cancelled ones.
extension TurnRunner {
    /// Cancels the turn when what it writes to is gone, so that a refused write is no failure of the server.
    func cancelIfDeleted(_ turn: RunningTurn) async {
        guard !control.isCancelled else { return }
        let (agent, conversation) = (turn.state.agent.id, turn.state.memory.conversation)
        do {
            let missing = try await core.storage.read(as: turn.state.scope) { db -> String? in
                if try !AgentStore.exists(agent, db) { return TurnService.agentIsDeleted }
                guard let conversation else { return nil }
                return try db.exists(conversation, in: ConversationStore.table)
                    ? nil : TurnService.conversationIsDeleted
            }
            if let missing { control.cancel(because: missing) }
        } catch {
            // The database does not say; then the turn has failed.
            core.logger.warning(
                "It is not known whether the agent of a turn still exists",
                metadata: ["run.id": "\(control.run)", "error": "\(error)"])
        }
    }
}

extension TurnService {
    static let agentIsDeleted = "The agent was deleted while this run was at work."
    static let conversationIsDeleted = "The conversation was deleted while this run was at work."

    /// Ends the turns of agents that were deleted.
    func end(turnsOf agents: [ID<AgentState>], as scope: Scope) {
        let controls = agents.flatMap { worker.controls(of: $0, in: scope.organization) }
        worker.cancel(controls, because: Self.agentIsDeleted)
    }

    /// Ends the turns of a conversation that was deleted.
    func end(turnsIn conversation: ID<Conversation>, of agent: ID<AgentState>, as scope: Scope) {
        let controls = worker.controls(of: agent, in: scope.organization).filter { $0.conversation == conversation }
        worker.cancel(controls, because: Self.conversationIsDeleted)
    }
}
