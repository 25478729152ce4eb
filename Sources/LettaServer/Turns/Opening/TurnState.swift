import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// The state of a turn: read once when it opens, and updated with what it writes.
struct TurnState: Sendable {
    let scope: Scope
    @Boxed var run: Run
    @Boxed private(set) var agent: AgentRow
    @Boxed private(set) var config: LLMConfig
    @Boxed var plan: TurnPlan
    let provider: any ModelProvider
    let tools: [String: CallableToolRow]
    /// Whose blocks are in sight.
    let memory: TurnMemory
    /// The agent's blocks as read; edits name their versions.
    private(set) var blocks: [BlockRow]
    var context: TurnContext
    /// Whether clients get a compaction as an event with its summary, instead of the summary as a message.
    var showsCompactions = false
    var beginning = TurnBeginning.model
    var approvals = ApprovalPolicy()
    /// The daily limit that the last step reached; nil for none.
    var reachedLimit: ReachedLimit?

    /// To whom the turn is counted.
    var usageSubject: UsageSubject { UsageSubject(agent: agent.id, identity: memory.identity?.id, key: scope.key) }

    /// Whether the context is emptied at the end of the turn. Conversations keep theirs.
    var forgetsTurns: Bool { agent.messageBufferAutoclear && memory.conversation == nil }

    mutating func setBlocks(_ blocks: [BlockRow]) {
        self.blocks = blocks
        context.blocks = blocks.map(\.memoryBlock)
    }

    /// Plans the turn of a small model, with what was found for what the user says.
    mutating func planSmallModel(_ recalled: RecalledTexts) {
        context.planSmallModel(recalled: recalled)
        plan.smallModel = context.smallModel
    }
}

extension TurnState {
    /// Decodes the rows of a transaction, outside of the database's thread because it takes longer than reading them.
    init(
        _ rows: TurnRows, _ request: TurnRequest, _ run: Run, config: LLMConfig, provider: any ModelProvider,
        executors: ToolExecutors, as scope: Scope
    ) throws {
        let agent = rows.agent
        let schemas = try ToolSchema.schemas(of: rows.tools, isStrict: config.strict)
        var model = TurnContext.Model(
            name: config.model, contextWindow: config.contextWindow, traits: provider.traits(of: config.model))
        model.maxOutputTokens = request.settings.maxOutputTokens ?? config.maxTokens
        model.temperature = request.settings.temperature ?? config.temperature
        model.reasoningEffort = config.reasoningEffort
        model.reasoningBudget = config.reasoningBudget
        let format = try (agent.responseFormat ?? config.responseFormat).map { try $0.json.value() }
        model.responseFormat = request.settings.responseFormat ?? format
        model.topLogprobs = request.topLogprobs ?? (config.returnLogprobs ? config.topLogprobs ?? 0 : nil)
        var context = TurnContext(model: model, runID: run.id.rawValue, zone: agent.timezone)
        let loop = LoopSettings(agent, config, rules: try agent.rules(), isSmall: model.traits.isSmall)
        context.tools = loop.tools(schemas, isStrict: config.strict)
        context.thoughtsInArguments = loop.thinksInArguments
        context.user = scope.user
        let standard = AgentKind(rawValue: agent.agentType.rawValue).map { PromptText.system(for: $0) }
        context.ownSystem = agent.system == standard ? nil : agent.system
        context.overrideSystem = request.overrideSystem
        context.skills = SkillTree.element(of: request.skills.map(\.skill))
        context.history = try rows.messages.map { try $0.message() } + rows.new
        if let system = rows.system { context.history[0] = system }
        let blocks = try rows.blocks.map { try BlockRow($0) }
        context.blocks = blocks.map(\.memoryBlock)
        context.systemCompiledAt = (rows.conversation?.systemCompiledAt ?? agent.systemCompiledAt).microseconds

        var plan = TurnPlan(
            tools: rows.tools.map { executors.plan(for: $0, schemas[$0.name]) }, rules: try agent.rules())
        plan.maximumSteps = request.maximumSteps
        plan.allowsParallelCalls = config.parallelToolCalls ?? false
        plan.alwaysCallsTools = agent.agentType == .sleeptime
        plan.streamsTokens = request.streamsTokens
        plan.traits = model.traits
        plan.speech = request.speech
        loop.apply(to: &plan, schemas)
        plan.zone = agent.timezone
        self.init(
            scope: scope, run: run, agent: agent, config: config, plan: plan, provider: provider,
            tools: Dictionary(rows.tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
            memory: rows.memory, blocks: blocks, context: context)
        showsCompactions = request.includesCompactionMessages
    }
}
