import AgentEngine
import LettaAPI
import Storage

extension TurnWriter {
    /// Empties the context of an agent that forgets its turns when one has ended. A turn that waits for an approval has not.
    func clearContext(of state: TurnState, after step: StepResult, _ db: Transaction) throws {
        guard state.forgetsTurns, let end = step.end, end.stop != .requiresApproval,
            let system = try MessageStore.systemMessage(of: state.agent.id, db)
        else { return }
        try MessageStore.replaceContext(of: state.agent.id, with: [system.id], db)
    }
}
