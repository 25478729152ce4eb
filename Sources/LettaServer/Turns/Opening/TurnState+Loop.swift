import AgentEngine
import JSON
import LettaAPI
import ModelProviders

extension AgentRow {
    var kind: AgentKind { AgentKind(rawValue: agentType.rawValue) ?? .standard }
}

/// How the type of an agent shapes its turns.
struct LoopSettings: Sendable {
    let loop: AgentLoop
    let thinksInArguments: Bool
    private let endingTools: Set<String>

    init(_ agent: AgentRow, _ config: LLMConfig, rules: [ToolRule], isSmall: Bool) {
        // Small models answer in text, whatever the type.
        loop = isSmall ? .answering : agent.kind.loop
        thinksInArguments =
            !isSmall && agent.kind.canThinkInArguments && config.putInnerThoughtsInKwargs ?? false
        endingTools = Set(rules.filter { $0.kind == .exitLoop }.map(\.tool))
    }

    func apply(to plan: inout TurnPlan, _ schemas: [String: ToolSchema]) {
        plan.loop = loop
        plan.thinksInArguments = thinksInArguments
        for index in plan.tools.indices {
            let parameters = schemas[plan.tools[index].name]?.tool.parameters
            plan.tools[index].ownsThought = LoopArguments.isOwn(LoopArguments.thought, in: parameters)
        }
    }

    /// The tools as the model gets them: with the arguments of the loop.
    func tools(_ schemas: [String: ToolSchema], isStrict: Bool) -> [String: ModelTool] {
        guard thinksInArguments || loop == .heartbeat else { return schemas.mapValues(\.tool) }
        return schemas.mapValues { schema in
            let tool = schema.tool
            return ModelTool(
                name: tool.name, description: tool.description,
                parameters: LoopArguments.added(
                    to: tool.parameters, thought: thinksInArguments,
                    heartbeat: loop == .heartbeat && !endingTools.contains(tool.name)),
                isStrict: isStrict)
        }
    }
}
