public import JSON

/// A wish for a tool that a model writes.
public struct GenerateTool: Codable, Sendable {
    public var toolName: String
    public var prompt: String
    /// The model's handle; left out: `openai/gpt-4.1`.
    public var handle: String?
    /// Source to start from.
    public var starterCode: String?
    /// What was wrong with an earlier attempt.
    public var validationErrors: [String]

    public init(_ toolName: String, prompt: String, validationErrors: [String] = []) {
        self.toolName = toolName
        self.prompt = prompt
        self.validationErrors = validationErrors
    }
}

/// A tool that a model wrote. It is not stored.
public struct GeneratedTool: Codable, Sendable, JSONWritable {
    public var tool: Tool
    public var sampleArgs: ObjectDocument
    /// The model's whole answer.
    public var response: String

    public init(tool: Tool, sampleArgs: ObjectDocument, response: String) {
        self.tool = tool
        self.sampleArgs = sampleArgs
        self.response = response
    }
}
