public import JSON

extension API {
    /// Talking with an agent.
    public enum Messages {
        public static let send = Endpoint<ID<AgentState>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/agents/{agent_id}/messages", "Sends messages to an agent and answers when its turn is over.")
        public static let stream = Endpoint<ID<AgentState>, NoQuery, SendMessages, LettaResponse>(
            .post, "/v1/agents/{agent_id}/messages/stream", "Sends messages to an agent and streams its turn.")
        public static let sendLater = Endpoint<ID<AgentState>, NoQuery, SendMessages, Run>(
            .post, "/v1/agents/{agent_id}/messages/async",
            "Sends messages to an agent and answers at once with the run that will work on them.")
        public static let preview = Endpoint<ID<AgentState>, NoQuery, SendMessages, RawJSON>(
            .post, "/v1/agents/{agent_id}/messages/preview-raw-payload",
            "Shows the first request that these messages would send to the model's service.")
        public static let generate = Endpoint<ID<AgentState>, NoQuery, GenerateText, GeneratedText>(
            .post, "/v1/agents/{agent_id}/generate", "Asks an agent's model something that the agent never learns of.")
        public static let list = Endpoint<ID<AgentState>, ListMessages, NoBody, [LettaMessage]>(
            .get, "/v1/agents/{agent_id}/messages", "Lists the messages of an agent.")
        public static let cancel = Endpoint<ID<AgentState>, NoQuery, CancelRuns?, [String: String]>(
            .post, "/v1/agents/{agent_id}/messages/cancel", "Stops the turns of an agent at their next step.")
        public static let reset = Endpoint<ID<AgentState>, NoQuery, ResetMessages?, AgentState>(
            .patch, "/v1/agents/{agent_id}/reset-messages", "Empties the context; what was said stays listed.")

        public static let listAll = Endpoint<NoPath, ListMessages, NoBody, [LettaMessage]>(
            .get, "/v1/messages/", "Lists the messages of all agents.")
        public static let retrieve = Endpoint<ID<Message>, NoQuery, NoBody, [LettaMessage]>(
            .get, "/v1/messages/{message_id}", "Retrieves what clients see of one message.")
        public static let search = Endpoint<NoPath, NoQuery, SearchMessages, [FoundMessage]>(
            .post, "/v1/messages/search", "Finds messages by words in them, newest first.")
        public static let searchRanked = Endpoint<NoPath, NoQuery, SearchMessages, [RankedMessage]>(
            .post, "/v1/agents/messages/search", "Finds messages by words in them, with their place in the result.")
    }
}
