package import ModelProviders

/// The parameters of a turn: fixed before it starts.
package struct TurnPlan: Sendable, Hashable {
    /// The agent's tools, in the order in which they are offered.
    package var tools: [TurnTool]
    package var rules: [ToolRule]
    /// The maximum number of model calls. With 0 or less the model is not called at all.
    package var maximumSteps = 50
    /// Whether the agent's settings allow several calls in one answer.
    package var allowsParallelCalls = false
    /// True for types that only act through tools: each answer must be a call.
    package var alwaysCallsTools = false
    package var loop = AgentLoop.answering
    /// Whether tools have an argument for the model's thoughts.
    package var thinksInArguments = false
    /// The tool whose calls clients see as what the agent said; nil when they see them as calls.
    package var speech: SpeechTool? = .standard
    /// Whether the model's text is streamed.
    package var streamsTokens = false
    /// The traits of the model.
    package var traits = ModelTraits()
    /// The plan for a small model; nil for all others.
    package var smallModel: SmallModelPlan?
    /// The agent's zone, for times in notices.
    package var zone = "UTC"

    package init(tools: [TurnTool], rules: [ToolRule] = []) {
        self.tools = tools
        self.rules = rules
    }

    /// Rules order the calls, so several may run concurrently only without any.
    package var acceptsParallelCalls: Bool {
        allowsParallelCalls && loop == .answering && rules.allSatisfy { $0.kind == .requiresApproval }
    }

    func tool(_ name: String) -> TurnTool? { tools.first { $0.name == name } }

    func needsApproval(_ name: String) -> Bool {
        tool(name)?.needsApproval == true || rules.contains { $0.tool == name && $0.kind == .requiresApproval }
    }
}

/// The properties of a tool that the engine needs; it does not run the tool.
package struct TurnTool: Sendable, Hashable {
    package var name: String
    /// A call in text without these is no call.
    package var requiredArguments: [String]
    /// Whether calls of the tool may run concurrently with others.
    package var canRunInParallel: Bool
    /// Whether running it twice has visible effects outside the server, so that its call is stored before it runs.
    package var hasOutsideEffects: Bool
    package var needsApproval: Bool
    /// Whether the tool has an argument of its own that is named like the one for thoughts.
    package var ownsThought = false
    /// Whether the client runs the tool, after the turn stopped at its call.
    package var runsAtClient = false
    /// Longer results are truncated, in characters; nil for never.
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

/// The ids and the time of a step, made outside so that the machine stays pure.
package struct StepIdentity: Sendable, Hashable {
    package var stepID: String
    package var runID: String?
    package var assistantMessageID: String
    package var toolMessageID: String
    package var noticeMessageID: String
    /// Microseconds since 1970 UTC; the time of the step's messages.
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
