import JSON
import LettaAPI
import Storage

/// An agent that answers as a model.
struct FrontAgent: Sendable {
    let id: ID<AgentState>
    /// The name of the agent's own model, which answers report.
    let model: String
}

/// Answers requests of OpenAI's API with turns of agents.
struct OpenAIFrontService: Sendable {
    let core: Core
    let turns: TurnService

    /// The maximum number of agents that a list of models shows, newest first.
    static let listLimit = 1_000

    /// The agent that a request calls its model.
    ///
    /// - Throws: `APIError`: 404 for an unknown id, 400 for a name that no agent or more than one has.
    func agent(named name: String, as scope: Scope) async throws -> FrontAgent {
        try await core.storage.read(as: scope) { db in
            if let agent = try AgentStore.row(ID(name), db) { return try FrontAgent(agent) }
            if CapturePattern.id(prefix: AgentState.idPrefix).matches(name) { throw APIError(404, "Agent not found") }
            let agents = try FrontAgentStore.agents(named: name, db)
            guard let agent = agents.first else {
                throw APIError.invalidArgument(
                    "For this endpoint, the 'model' field should contain an agent ID (format: 'agent-...') or the name "
                        + "of an agent. Received: '\(name.prefix(200))'")
            }
            guard agents.count == 1 else {
                throw APIError.invalidArgument(
                    "Several agents are called '\(name.prefix(200))'. Put the ID of one of them into the 'model' field."
                )
            }
            return try FrontAgent(agent)
        }
    }

    /// The agents as models.
    func models(as scope: Scope) async throws -> JSONValue {
        let agents = try await core.storage.read(as: scope) { db in
            try FrontAgentStore.newest(Self.listLimit, db)
        }
        let models = agents.map { agent -> JSONValue in
            [
                "id": .string(agent.id.rawValue), "object": "model",
                "created": .int(agent.createdAt.microseconds / 1_000_000), "owned_by": "letta",
                "name": .string(agent.name),
            ]
        }
        return ["object": "list", "data": .array(models)]
    }

    // MARK: Chat completions

    func completion(
        _ body: CreateChatCompletion, of agent: FrontAgent, as scope: Scope
    ) async throws -> JSONValue {
        let message = try FrontMessage.last(in: body.messages)
        let answer = try await answer(to: message, agent, as: scope)
        return ChatCompletionWriter(id: answer.id, created: created(), model: agent.model).completion(answer)
    }

    func completionStream(
        _ body: CreateChatCompletion, of agent: FrontAgent, as scope: Scope
    ) async throws -> FrontFrames<ChatCompletionWriter> {
        let message = try FrontMessage.last(in: body.messages)
        let control = try await start(message, agent, as: scope)
        var writer = ChatCompletionWriter(id: control.run.rawValue, created: created(), model: agent.model)
        writer.includesUsage = body.streamOptions?.includeUsage == true
        return FrontFrames(log: control.log, writer: writer)
    }

    // MARK: Responses

    func response(_ body: CreateResponse, of agent: FrontAgent, as scope: Scope) async throws -> JSONValue {
        let message = try FrontMessage.last(inItems: body.input)
        try await checkPrevious(body.previousResponseID, agent, as: scope)
        let answer = try await answer(to: message, agent, as: scope)
        return ResponseWriter(
            id: answer.id, created: created(), model: agent.model, previous: body.previousResponseID
        ).response(answer)
    }

    func responseStream(
        _ body: CreateResponse, of agent: FrontAgent, as scope: Scope
    ) async throws -> FrontFrames<ResponseWriter> {
        let message = try FrontMessage.last(inItems: body.input)
        try await checkPrevious(body.previousResponseID, agent, as: scope)
        let control = try await start(message, agent, as: scope)
        let writer = ResponseWriter(
            id: control.run.rawValue, created: created(), model: agent.model, previous: body.previousResponseID)
        return FrontFrames(log: control.log, writer: writer)
    }

    /// - Throws: `APIError` 400 for a response that is none of the agent's: its history does not hold it.
    private func checkPrevious(_ id: String?, _ agent: FrontAgent, as scope: Scope) async throws {
        guard let id else { return }
        let run: ID<Run> = ID(String(id.dropFirst(ResponseWriter.idPrefix.count)))
        let owner = try await core.storage.read(as: scope) { db in try RunStore.run(run, db)?.agentID }
        guard id.hasPrefix(ResponseWriter.idPrefix), owner == agent.id else {
            throw APIError.invalidArgument(
                "previous_response_id '\(id.prefix(100))' is no response of agent \(agent.id). Leave it out: the agent "
                    + "remembers the conversation.")
        }
    }

    // MARK: Turns

    private func answer(to message: CreateMessage, _ agent: FrontAgent, as scope: Scope) async throws -> FrontAnswer {
        let response = try await turns.send(request(message, streaming: false), to: agent.id, as: scope)
        var reader = FrontReader()
        var answer = FrontAnswer(id: "run-\(core.ids.uuid())")
        for message in response.messages {
            let fields = try message.fields()
            if let run = fields["run_id"]?.string { answer.id = run }
            answer.text += reader.text(of: fields) ?? ""
        }
        answer.text += reader.text(of: response.stopReason.stopReason) ?? ""
        answer.stop = response.stopReason.stopReason
        answer.usage = response.usage
        return answer
    }

    private func start(_ message: CreateMessage, _ agent: FrontAgent, as scope: Scope) async throws -> TurnControl {
        let frames = try await turns.stream(request(message, streaming: true), to: agent.id, as: scope)
        guard let control = frames.control else { throw APIError.unavailable("The turn has no events. Retry.") }
        return control
    }

    private func request(_ message: CreateMessage, streaming: Bool) -> SendMessages {
        var body = SendMessages("")
        body.input = nil
        body.messages = [.said(message)]
        body.streaming = streaming ? true : nil
        body.streamTokens = streaming ? true : nil
        return body
    }

    private func created() -> Int64 { core.now().microseconds / 1_000_000 }
}

extension FrontAgent {
    fileprivate init(_ row: AgentRow) throws {
        self.init(id: row.id, model: try row.llmConfig.content().model)
    }
}
