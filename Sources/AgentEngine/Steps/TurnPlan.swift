package import ModelProviders

/// What a turn may do: fixed before it starts.
package struct TurnPlan: Sendable, Hashable {
    /// The agent's tools, in the order in which they are offered.
    package var tools: [TurnTool]
    package var rules: [ToolRule]
    /// How often the model may be called. With 0 or less it is not called at all.
    package var maximumSteps = 50
    /// Whether the agent's settings allow several calls in one answer.
    package var allowsParallelCalls = false
    /// True for kinds that only act through tools: each answer must be a call.
    package var alwaysCallsTools = false
    /// Whether what the model says is shown piece by piece.
    package var streamsTokens = false
    /// What to expect of the model.
    package var traits = ModelTraits()
    /// How to do with a small model; nil for all others.
    package var smallModel: SmallModelPlan?
    /// The agent's zone, for times in notices.
    package var zone = "UTC"

    package init(tools: [TurnTool], rules: [ToolRule] = []) {
        self.tools = tools
        self.rules = rules
    }

    /// Rules order the calls one after the other, so that only without any several may come at once.
    package var acceptsParallelCalls: Bool {
        allowsParallelCalls && rules.allSatisfy { $0.kind == .requiresApproval }
    }

    func tool(_ name: String) -> TurnTool? { tools.first { $0.name == name } }

    func needsApproval(_ name: String) -> Bool {
        tool(name)?.needsApproval == true || rules.contains { $0.tool == name && $0.kind == .requiresApproval }
    }
}

/// What the engine has to know of a tool that it does not run itself.
package struct TurnTool: Sendable, Hashable {
    package var name: String
    /// Without these a call read from text is none.
    package var requiredArguments: [String]
    /// Whether calls of the tool may run beside others.
    package var canRunInParallel: Bool
    /// Whether running it twice would show outside the server, so that its call is stored before it runs.
    package var hasOutsideEffects: Bool
    package var needsApproval: Bool
    /// Longer results are cut, in characters; nil for never.
    package var returnLimit: Int?

    package init(
        name: String, requiredArguments: [String] = [], canRunInParallel: Bool = false,
        hasOutsideEffects: Bool = false, needsApproval: Bool = false, returnLimit: Int? = nil
    ) {
        self.name = name
        self.requiredArguments = requiredArguments
        self.canRunInParallel = canRunInParallel
        self.hasOutsideEffects = hasOutsideEffects
        self.needsApproval = needsApproval
        self.returnLimit = returnLimit
    }
}

/// The ids and the time a step works with, made outside so that the machine stays pure.
package struct StepIdentity: Sendable, Hashable {
    package var stepID: String
    package var runID: String?
    package var assistantMessageID: String
    package var toolMessageID: String
    package var noticeMessageID: String
    /// Microseconds since 1970 UTC; the time of what the model says in the step.
    package var startedAt: Int64

    package init(
        stepID: String, runID: String?, assistantMessageID: String, toolMessageID: String, noticeMessageID: String,
        startedAt: Int64
    ) {
        self.stepID = stepID
        self.runID = runID
        self.assistantMessageID = assistantMessageID
        self.toolMessageID = toolMessageID
        self.noticeMessageID = noticeMessageID
        self.startedAt = startedAt
    }
}
