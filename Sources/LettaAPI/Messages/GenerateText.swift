public import JSON

/// A question to an agent's model without the agent: nothing of it is stored.
public struct GenerateText: Codable, Sendable {
    public var prompt: String
    /// Left out: a short general one.
    public var systemPrompt: String?
    /// The handle of another model than the agent's.
    public var overrideModel: String?

    public init(_ prompt: String) {
        self.prompt = prompt
    }
}

/// What the model said to it.
public struct GeneratedText: Codable, Sendable, JSONWritable {
    public var content: String
    /// The service's own name of the model.
    public var model: String
    public var usage: UsageEvent

    public init(content: String, model: String, usage: UsageEvent) {
        self.content = content
        self.model = model
        self.usage = usage
    }
}
