public import JSON

extension API {
    /// Talking with an agent.
    public enum Messages {
        public static let send = Endpoint<ID<AgentState>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/agents/{agent_id}/messages", "Sends messages to an agent and answers when its turn is over.")
        public static let stream = Endpoint<ID<AgentState>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/agents/{agent_id}/messages/stream", "Sends messages to an agent and streams its turn.")
        public static let list = Endpoint<ID<AgentState>, ListMessages, NoBody, [LettaMessage]>(
            .get, "/v1/agents/{agent_id}/messages", "Lists the messages of an agent.")
        public static let cancel = Endpoint<ID<AgentState>, NoQuery, CancelRuns?, [String: String]>(
            .post, "/v1/agents/{agent_id}/messages/cancel", "Stops the turns of an agent at their next step.")
        public static let reset = Endpoint<ID<AgentState>, NoQuery, ResetMessages?, AgentState>(
            .patch, "/v1/agents/{agent_id}/reset-messages", "Empties the context; what was said stays listed.")
    }
}
