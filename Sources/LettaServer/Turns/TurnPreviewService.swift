import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import Storage

/// Shows the model request of a message, or calls the model, without a turn: nothing is stored.
struct TurnPreviewService: Sendable {
    let core: Core
    let opener: TurnOpener

    /// The first model request for these messages.
    ///
    /// - Parameter conversation: nil for the agent's own.
    func payload(
        _ body: SendMessages, to agent: ID<AgentState>, in conversation: ConversationRow? = nil, as scope: Scope
    ) async throws -> RawJSON {
        var body = body
        body.streaming = true
        var request = try TurnRequest(body, to: agent, following: .stream)
        request.conversation = conversation?.id
        let config = try await opener.override(request.overrideModel ?? conversation?.model, as: scope)
        let run = request.run(id: core.ids.next(), at: core.now())
        let state = try await opener.preview(request, run, in: conversation, config: config, as: scope)
        var plan = state.plan
        plan.maximumSteps = 1
        var machine = StepMachine(plan)
        for case .callModel(let call) in machine.receive(
            .start(StepIdentity(of: run.id, ids: core.ids, at: core.now())))
        {
            return RawJSON(state.context.request(call).payload)
        }
        throw APIError(400, "These messages cause no model request.")
    }

    /// Calls the agent's model with a prompt, outside of the agent's conversation.
    func generate(
        _ body: GenerateText, with agent: ID<AgentState>, as scope: Scope
    ) async throws -> GeneratedText {
        let override = try await opener.override(body.overrideModel, as: scope)
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
        request.reasoningBudget = config.reasoningBudget
        request.user = scope.user
        let provider = try await opener.models.provider(for: config, as: scope)
        var accumulator = ModelDeltaAccumulator()
        do {
            for try await delta in provider.stream(request) {
                accumulator.add(delta)
                if accumulator.isFull { break }
            }
        } catch {
            throw APIError(TurnFailure(error.naming(provider.settings)))
        }
        let answer = accumulator.answer
        return GeneratedText(content: answer.text ?? "", model: config.model, usage: UsageEvent(answer.usage))
    }
}

extension UsageEvent {
    /// The usage of one call outside of a turn.
    fileprivate init(_ usage: ModelUsage?) {
        self.init()
        completionTokens = usage?.completionTokens ?? 0
        promptTokens = usage?.promptTokens ?? 0
        totalTokens = usage?.totalTokens ?? 0
        cachedInputTokens = usage?.cachedPromptTokens ?? 0
        reasoningTokens = usage?.reasoningTokens ?? 0
    }
}
