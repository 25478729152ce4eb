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
        let answer = try await answer(to: try FrontRequest(body), agent, as: scope)
        return ChatCompletionWriter(id: answer.id, created: created(), model: agent.model).completion(answer)
    }

    func completionStream(
        _ body: CreateChatCompletion, of agent: FrontAgent, as scope: Scope
    ) async throws -> FrontFrames<ChatCompletionWriter> {
        let request = try FrontRequest(body)
        let control = try await start(request, agent, as: scope)
        var writer = ChatCompletionWriter(id: control.run.rawValue, created: created(), model: agent.model)
        writer.includesUsage = body.streamOptions?.includeUsage == true
        return FrontFrames(log: control.log, writer: writer, isClients: request.offers)
    }

    // MARK: Responses

    func response(_ body: CreateResponse, of agent: FrontAgent, as scope: Scope) async throws -> JSONValue {
        let request = try FrontRequest(body)
        try await checkPrevious(body.previousResponseID, agent, as: scope)
        let previous = body.previousResponseID
        guard body.background == true else {
            let answer = try await answer(to: request, agent, as: scope)
            return ResponseWriter(id: answer.id, created: created(), model: agent.model, previous: previous).response(
                answer)
        }
        let sent = try await sendable(request, agent, streaming: false, as: scope)
        let run = try await turns.sendLater(sent, to: .agent(agent.id), with: request.settings, as: scope)
        var writer = ResponseWriter(id: run.id.rawValue, created: created(), model: agent.model, previous: previous)
        writer.isBackground = true
        return writer.response(status: "queued")
    }

    func responseStream(
        _ body: CreateResponse, of agent: FrontAgent, as scope: Scope
    ) async throws -> FrontFrames<ResponseWriter> {
        let request = try FrontRequest(body)
        guard body.background != true else {
            throw APIError.invalidField(
                "background", "a response in the background is not streamed: retrieve it by its id", input: true)
        }
        try await checkPrevious(body.previousResponseID, agent, as: scope)
        let control = try await start(request, agent, as: scope)
        let writer = ResponseWriter(
            id: control.run.rawValue, created: created(), model: agent.model, previous: body.previousResponseID)
        return FrontFrames(log: control.log, writer: writer, isClients: request.offers)
    }

    /// The response of an earlier request, from what its run stored.
    func response(_ id: String, as scope: Scope) async throws -> JSONValue {
        let (run, agent) = try await stored(id, as: scope)
        var writer = ResponseWriter(
            id: run.id.rawValue, created: run.createdAt.microseconds / 1_000_000, model: agent.model, previous: nil)
        writer.isBackground = run.background
        switch run.status {
        case .created: return writer.response(status: "queued")
        case .running: return writer.response(status: "in_progress")
        case .failed:
            return writer.response(status: "failed", error: "The run failed: \(run.stopReason?.rawValue ?? "error").")
        default:
            let stored = try await turns.response(of: run, only: nil, as: scope)
            let own = try await core.storage.read(as: scope) { db in
                Set(try ToolStore.callableTools(of: agent.id, db).map(\.name))
            }
            return writer.response(try answer(of: stored, id: run.id.rawValue) { !own.contains($0) })
        }
    }

    /// Cancels a response in the background. One that has ended stays as it is.
    func cancel(_ id: String, as scope: Scope) async throws -> JSONValue {
        let (run, agent) = try await stored(id, as: scope)
        guard run.background else {
            throw APIError.invalidArgument("Only a response in the background can be cancelled.")
        }
        if run.status == .created || run.status == .running {
            var cancelled = CancelRuns()
            cancelled.runIDs = [run.id.rawValue]
            do {
                _ = try await turns.cancel(agent.id, cancelled, as: scope)
            } catch let error as APIError where error.status == 409 {
                // It has ended meanwhile.
            }
        }
        return try await response(id, as: scope)
    }

    private func stored(_ id: String, as scope: Scope) async throws -> (run: Run, agent: FrontAgent) {
        let run: ID<Run> = ID(String(id.dropFirst(ResponseWriter.idPrefix.count)))
        guard id.hasPrefix(ResponseWriter.idPrefix), let found = try await turns.storedRun(run, as: scope),
            let agent = try await core.storage.read(as: scope, { db in try AgentStore.row(found.agentID, db) })
        else {
            throw APIError(404, "Response with id '\(id.prefix(100))' not found.")
        }
        return (found, try FrontAgent(agent))
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

    private func answer(to request: FrontRequest, _ agent: FrontAgent, as scope: Scope) async throws -> FrontAnswer {
        let sent = try await sendable(request, agent, streaming: false, as: scope)
        let response = try await turns.send(sent, to: .agent(agent.id), with: request.settings, as: scope)
        return try answer(of: response, id: "run-\(core.ids.uuid())", isClients: request.offers)
    }

    /// - Parameters:
    ///   - id: of the run, for an answer without messages.
    ///   - isClients: whether a tool is the client's.
    private func answer(
        of response: LettaResponse, id: String, isClients: @escaping @Sendable (String) -> Bool
    ) throws -> FrontAnswer {
        var reader = FrontReader(isClients: isClients)
        var answer = FrontAnswer(id: id)
        for message in response.messages {
            let fields = try message.fields()
            if let run = fields["run_id"]?.string { answer.id = run }
            answer.text += reader.text(of: fields) ?? ""
        }
        answer.stop = response.stopReason.stopReason
        answer.text += reader.text(of: answer.stop) ?? ""
        answer.calls = reader.calls(at: answer.stop)
        answer.usage = response.usage
        return answer
    }

    private func start(_ request: FrontRequest, _ agent: FrontAgent, as scope: Scope) async throws -> TurnControl {
        let sent = try await sendable(request, agent, streaming: true, as: scope)
        let frames = try await turns.stream(sent, to: .agent(agent.id), with: request.settings, as: scope)
        guard let control = frames.control else { throw APIError.unavailable("The turn has no events. Retry.") }
        return control
    }

    private func sendable(
        _ request: FrontRequest, _ agent: FrontAgent, streaming: Bool, as scope: Scope
    ) async throws -> SendMessages {
        let waiting = try await core.storage.read(as: scope) { db in
            try WaitingApprovalStore.waiting(of: [agent.id], db)[agent.id]
        }
        var body = SendMessages("")
        body.input = nil
        body.messages = request.messages(answering: waiting)
        body.clientTools = request.offersTools && !request.tools.isEmpty ? request.tools : nil
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
