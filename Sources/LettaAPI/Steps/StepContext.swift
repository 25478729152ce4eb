public import JSON

extension API.Steps {
    public static let context = Endpoint<ID<Step>, NoQuery, NoBody, StepContext>(
        .get, "/v1/steps/{step_id}/context",
        "Shows what the model was told in a step, by parts, while its trace is kept.")
    public static let fork = Endpoint<ID<Step>, NoQuery, NoBody, Conversation>(
        .post, "/v1/steps/{step_id}/fork",
        "Begins a conversation whose context is what a step was told, without its answer.")
}

/// What a model was told in a step, by parts.
public struct StepContext: Codable, Sendable, JSONWritable {
    public enum PartName: String, Codable, Sendable, CaseIterable, JSONWritable {
        case systemPrompt = "system_prompt"
        case tools
        case memoryBlocks = "memory_blocks"
        case toolRules = "tool_rules"
        case directories
        /// Counts and times.
        case metadata
        case messages
    }

    public struct Part: Codable, Sendable, JSONWritable {
        public var name: PartName
        /// As the service sent it; tools and messages as lines of JSON.
        public var text: String
        /// Estimated from the length of the text.
        public var tokens: Int
        /// The number of tools or messages; null for text.
        public var count: Int?

        public init(name: PartName, text: String, tokens: Int, count: Int?) {
            self.name = name
            self.text = text
            self.tokens = tokens
            self.count = count
        }
    }

    public var stepID: ID<Step>
    public var agentID: ID<AgentState>
    public var runID: ID<Run>
    public var createdAt: Timestamp
    public var modelHandle: String?
    public var contextWindowSizeMax: Int?
    /// As the model's service counted.
    public var promptTokens: Int
    public var cachedInputTokens: Int?
    public var completionTokens: Int
    public var parts: [Part]
    /// Its place among the steps of the same conversation, counted from 1.
    public var number: Int?
    /// How many steps the conversation has.
    public var count: Int?
    /// The step before it in the same conversation; null for the first.
    public var previousStepID: ID<Step>?
    /// The step after it in the same conversation; null for the last.
    public var nextStepID: ID<Step>?

    public init(of step: Step, at time: Timestamp, parts: [Part]) {
        stepID = step.id
        agentID = step.agentID
        runID = step.runID
        createdAt = time
        modelHandle = step.modelHandle
        contextWindowSizeMax = step.contextWindowLimit
        promptTokens = step.promptTokens
        cachedInputTokens = step.cachedInputTokens
        completionTokens = step.completionTokens
        self.parts = parts
    }
}
