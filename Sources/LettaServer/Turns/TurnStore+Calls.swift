import AgentEngine
import LettaAPI
import Storage

extension TurnStore {
    /// Stores a step's first message ahead of the step.
    func storeCalls(_ message: TurnMessage, of state: TurnState) async throws -> TurnState {
        try await core.storage.write(as: state.scope, quietly: true) { db in
            var state = state
            try Self.append([message], to: state.agent.id, model: state.config.model, db)
            state.history.append(message)
            return state
        }
    }
}
