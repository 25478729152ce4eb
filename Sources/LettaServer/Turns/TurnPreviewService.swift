import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import Storage

/// Asks or shows what a model would be asked, without a turn: nothing is stored.
struct TurnPreviewService: Sendable {
    let core: Core
    let models: ModelService

    /// The first request that these messages would lead to.
    func payload(_ body: SendMessages, to agent: ID<AgentState>, as scope: Scope) async throws -> RawJSON {
        var body = body
        body.streaming = true
        let request = try TurnRequest(body, to: agent, following: .stream)
        let config = try await override(request.overrideModel)
        let time = core.now()
        let run = request.run(id: core.ids.next(), at: time)
        let material = try await TurnStore(core: core).preview(request, run, at: time, as: scope)
        var state = try material.state(for: request, config: try config ?? material.agent.llmConfig.content())
        state.traits = await models.traits(for: state.config)
        let plan = try state.plan(maximumSteps: 1, streamsTokens: false)
        var machine = StepMachine(plan)
        for case .callModel(let call) in machine.receive(.start(identity(of: state.run))) {
            return RawJSON(try state.request(call).payload)
        }
        throw APIError(400, "These messages would not be sent to a model.")
    }

    /// Answers a prompt with the agent's model; the agent never learns of it.
    func generate(
        _ body: GenerateText, with agent: ID<AgentState>, as scope: Scope
    ) async throws -> GeneratedText {
        let override = try await override(body.overrideModel)
        let own = try await core.storage.read(as: scope) { db -> LLMConfig in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            return try row.llmConfig.content()
        }
        let config = override ?? own
        var request = ModelRequest(
            model: config.model,
            messages: [
                .system(body.systemPrompt ?? "You are a helpful assistant."), .user([.text(body.prompt)]),
            ],
            temperature: config.temperature, maxOutputTokens: config.maxTokens)
        request.reasoningEffort = config.reasoningEffort
        request.user = scope.user
        var accumulator = ModelDeltaAccumulator()
        do {
            for try await delta in await models.provider(for: config).stream(request) { accumulator.add(delta) }
        } catch {
            let failure = TurnFailure(error)
            throw APIError(
                status: failure.status,
                body: .model(type: failure.type, message: failure.message, detail: failure.detail))
        }
        let answer = accumulator.answer
        return GeneratedText(content: answer.text ?? "", model: config.model, usage: UsageEvent(answer.usage))
    }

    private func override(_ handle: String?) async throws -> LLMConfig? {
        guard let handle else { return nil }
        return try await models.languageModel(handle)
    }

    private func identity(of run: Run) -> StepIdentity {
        StepIdentity(
            stepID: core.ids.next(Step.self).rawValue, runID: run.id.rawValue,
            assistantMessageID: core.ids.next(Message.self).rawValue,
            toolMessageID: core.ids.next(Message.self).rawValue,
            noticeMessageID: core.ids.next(Message.self).rawValue, startedAt: core.now().microseconds)
    }
}

extension UsageEvent {
    /// What one call without a step took.
    fileprivate init(_ usage: ModelUsage?) {
        self.init()
        completionTokens = usage?.completionTokens ?? 0
        promptTokens = usage?.promptTokens ?? 0
        totalTokens = usage?.totalTokens ?? 0
        cachedInputTokens = usage?.cachedPromptTokens ?? 0
        reasoningTokens = usage?.reasoningTokens ?? 0
    }
}

extension ClientSkill {
    var skill: Skill { Skill(name: name, description: description, location: location) }
}
