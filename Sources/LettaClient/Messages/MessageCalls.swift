public import LettaAPI

extension AgentCalls {
    /// Talking with an agent.
    public var messages: MessageCalls { MessageCalls(client: client) }
}

/// The calls about the messages of one agent.
public struct MessageCalls: Sendable {
    let client: LettaClient

    /// Sends messages and waits for the end of the agent's turn, which takes as long as its model does: the client's
    /// `callTimeout` has to allow it. The turn goes on when the client gives up.
    public func send(_ messages: SendMessages, to agent: ID<AgentState>) async throws -> LettaResponse {
        try await client.call(API.Messages.send, path: agent, body: messages)
    }

    /// Sends messages and tells what happens in the agent's turn while it happens.
    public func stream(_ messages: SendMessages, to agent: ID<AgentState>) -> MessageStream {
        MessageStream(exchange: client.exchange) { [client] in
            try client.outgoing(API.Messages.stream, path: agent, query: NoQuery(), body: messages)
        }
    }

    /// Sends messages and returns at once with the run that will work on them, after those that wait already.
    public func sendLater(_ messages: SendMessages, to agent: ID<AgentState>) async throws -> Run {
        try await client.call(API.Messages.sendLater, path: agent, body: messages)
    }

    /// Asks the agent's model something that the agent never learns of.
    public func generate(_ body: GenerateText, with agent: ID<AgentState>) async throws -> GeneratedText {
        try await client.call(API.Messages.generate, path: agent, body: body)
    }

    /// One page, in order of time; a stored message may be several entries, and `limit` counts stored ones.
    public func list(of agent: ID<AgentState>, _ query: ListMessages = .init()) async throws -> [LettaMessage] {
        try await client.call(API.Messages.list, path: agent, query: query)
    }

    /// Stops the running turns of the agent, or those that are named, and returns the ids of what was stopped.
    @discardableResult
    public func cancel(_ agent: ID<AgentState>, _ runs: CancelRuns? = nil) async throws -> [String: String] {
        try await client.call(API.Messages.cancel, path: agent, body: runs)
    }

    /// Empties the agent's context; what was said stays listed.
    @discardableResult
    public func reset(_ agent: ID<AgentState>, _ body: ResetMessages = .init()) async throws -> AgentState {
        try await client.call(API.Messages.reset, path: agent, body: body)
    }
}

extension LettaClient {
    /// Messages whatever agent they belong to.
    public var messages: AllMessageCalls { AllMessageCalls(client: self) }
}

/// The calls about the messages of all agents.
public struct AllMessageCalls: Sendable {
    let client: LettaClient

    /// One page, in order of time.
    public func list(_ query: ListMessages = .init()) async throws -> [LettaMessage] {
        try await client.call(API.Messages.listAll, query: query)
    }

    /// What clients see of one stored message.
    public func retrieve(_ id: ID<Message>) async throws -> [LettaMessage] {
        try await client.call(API.Messages.retrieve, path: id)
    }

    /// Finds messages by words in them, newest first.
    public func search(_ query: SearchMessages) async throws -> [FoundMessage] {
        try await client.call(API.Messages.search, body: query)
    }
}
