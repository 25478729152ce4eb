import AgentEngine
import LettaAPI
import Storage

extension TurnStore {
    /// Stores a step's first message ahead of the step.
    func storeCalls(_ message: TurnMessage, of state: TurnState) async throws -> TurnState {
        try await storage.write { db in
            var state = state
            guard var agent = try AgentStore.rowForUpdate(state.agent.id, in: state.scope, db) else {
                throw APIError.notFound("Agent", state.agent.id)
            }
            try Self.append([message], to: &agent, model: state.config.model, in: state.scope, db)
            try AgentStore.update(agent, in: state.scope, db)
            state.history.append(message)
            return state
        }
    }
}
