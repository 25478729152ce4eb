import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// All a turn knows of its agent while it runs: read once, and kept in step with what the turn writes.
struct TurnState: Sendable {
    /// Who sends, and what of.
    private(set) var scope: Scope
    @Boxed var run: Run
    /// When the agent was read; nil where nobody could tell by it whether that is still true.
    var mark: ContextMark?
    @Boxed private(set) var agent: AgentRow
    @Boxed private(set) var config: LLMConfig
    let tools: [CallableToolRow]
    /// The schemas of those of the tools that have one, by name.
    private(set) var schemas: [String: ToolSchema]
    /// A system message for this turn alone.
    var overrideSystem: String?
    /// What the client can do, put behind the system message of this turn alone.
    var skills: String?
    /// The agent's blocks, with the versions that edits are made against.
    var blocks: [BlockRow]
    /// The messages in the context, the system message first.
    var history: [TurnMessage]
    /// What to expect of the model.
    var traits = ModelTraits()

    /// Makes what one turn has left the beginning of the next.
    mutating func goOn(with run: Run, config: LLMConfig, as scope: Scope) throws {
        if config.strict != self.config.strict {
            schemas = try ToolSchema.schemas(of: tools, isStrict: config.strict)
        }
        self.run = run
        self.config = config
        self.scope = scope
    }

    /// The blocks as memory tools see them.
    var memory: [MemoryBlock] { blocks.map(\.memoryBlock) }

    /// The request that a step sends to the model.
    func request(_ call: ModelCall) throws -> ModelRequest {
        let tools = call.tools.compactMap { schemas[$0]?.tool }
        var request = ModelRequest(
            model: config.model, messages: [], toolChoice: call.form == .usual ? call.toolChoice : .auto,
            parallelToolCalls: call.parallelToolCalls, temperature: config.temperature,
            maxOutputTokens: config.maxTokens)
        request.reasoningEffort = config.reasoningEffort
        request.user = scope.user
        if let smallModel, call.form == .note {
            request.messages = MemoryNote.messages(for: smallModel)
            request.responseFormat = MemoryNote.responseFormat(for: smallModel)
            return request
        }
        request.messages = smallModel == nil ? wholeMessages() : compactMessages()
        if call.form == .call {
            request.messages.addToSystem(ForcedCall.instruction(for: tools))
            request.responseFormat = ForcedCall.responseFormat(for: tools)
        } else {
            request.tools = tools
            request.responseFormat = try (agent.responseFormat ?? config.responseFormat).map { try $0.json.value() }
        }
        return request
    }

    private func wholeMessages() -> [ModelMessage] {
        var history = history
        if let overrideSystem, history.first?.role == .system {
            history[0].parts = [.text(overrideSystem)]
        } else if let skills, history.first?.role == .system {
            history[0].parts = [.text("\(history[0].text ?? "")\n\n\(skills)")]
        }
        return ModelMessage.messages(
            for: history, zone: agent.timezone,
            returnLimit: ModelMessage.returnLimit(contextWindow: config.contextWindow))
    }

    // MARK: Small models

    /// Nil for a model that takes the usual prompt and tools.
    private var smallModel: SmallModelPlan? {
        guard traits.isSmall else { return nil }
        let said = history.filter { $0.runID == run.id.rawValue && $0.role == .user }.compactMap(\.text)
        return SmallModelPlan(userText: said.joined(separator: "\n"), blocks: memory)
    }

    private func compactMessages() -> [ModelMessage] {
        let isOurs = AgentKind(rawValue: agent.agentType.rawValue).map { PromptText.system(for: $0) } == agent.system
        let context = CompactContext(
            system: isOurs ? nil : agent.system, blocks: memory,
            budget: config.contextWindow - (config.maxTokens ?? 0))
        var messages = context.messages(for: history)
        if let overrideSystem { messages[0] = .system(overrideSystem) }
        return messages
    }

    /// What the machine has to know before the turn starts.
    func plan(maximumSteps: Int, streamsTokens: Bool) throws -> TurnPlan {
        let tools = self.tools.map { tool in
            TurnTool(
                name: tool.name, requiredArguments: schemas[tool.name]?.requiredArguments ?? [],
                canRunInParallel: tool.enableParallelExecution ?? false,
                hasOutsideEffects: tool.toolType == ToolService.custom,
                needsApproval: tool.defaultRequiresApproval ?? false,
                // What a search found is never cut: the agent asked for it.
                returnLimit: tool.name.hasSuffix("_search") ? nil : tool.returnCharLimit)
        }
        var plan = TurnPlan(tools: tools, rules: try agent.rules())
        plan.maximumSteps = maximumSteps
        plan.allowsParallelCalls = config.parallelToolCalls ?? false
        plan.alwaysCallsTools = agent.agentType == .sleeptime
        plan.streamsTokens = streamsTokens
        plan.traits = traits
        plan.smallModel = smallModel
        plan.zone = agent.timezone
        return plan
    }
}

extension [ModelMessage] {
    fileprivate mutating func addToSystem(_ text: String) {
        guard case .system(let prompt)? = first else { return insert(.system(text), at: 0) }
        self[0] = .system("\(prompt)\n\n\(text)")
    }
}
