package import JSON

/// What a model is asked, free of any provider's wire format.
package struct ModelRequest: Sendable, Equatable {
    /// The provider's own name of the model, not a handle.
    package var model: String
    package var messages: [ModelMessage]
    package var tools: [ModelTool]
    package var toolChoice: ModelToolChoice
    package var parallelToolCalls: Bool
    package var temperature: Double?
    package var maxOutputTokens: Int?
    /// How hard a reasoning model should think, in the provider's words (`minimal`, `low`, …).
    package var reasoningEffort: String?
    /// The form the answer must have, as the client gave it.
    package var responseFormat: JSONValue?
    /// Whom the provider should hold responsible, an id of ours.
    package var user: String?

    package init(
        model: String, messages: [ModelMessage], tools: [ModelTool] = [], toolChoice: ModelToolChoice = .auto,
        parallelToolCalls: Bool = false, temperature: Double? = nil, maxOutputTokens: Int? = nil
    ) {
        self.model = model
        self.messages = messages
        self.tools = tools
        self.toolChoice = toolChoice
        self.parallelToolCalls = parallelToolCalls
        self.temperature = temperature
        self.maxOutputTokens = maxOutputTokens
    }
}

/// One turn of the conversation a model continues.
package enum ModelMessage: Sendable, Equatable {
    case system(String)
    case user([ModelContentPart], name: String? = nil)
    /// `reasoning` is what the model thought then, for the providers that want to see it again.
    case assistant(text: String?, reasoning: String? = nil, toolCalls: [ModelToolCall] = [])
    case tool(callID: String, text: String)
}

/// A piece of what a user said.
package enum ModelContentPart: Sendable, Equatable {
    case text(String)
    /// A picture at an address, which may be a `data:` URI; `detail` is `auto`, `low` or `high`.
    case image(url: String, detail: String? = nil)
}

/// A call of a tool as the model wrote it.
package struct ModelToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// JSON as text, and whatever else a model may take for JSON.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// A tool a model may call.
package struct ModelTool: Sendable, Equatable {
    package let name: String
    package let description: String?
    /// The JSON schema of the arguments.
    package let parameters: JSONValue
    /// All of it as OpenAI's chat completions describe a tool, written when the tool was understood.
    let function: RawJSON

    /// - Parameter isStrict: whether the provider must make the arguments follow the schema.
    package init(name: String, description: String?, parameters: JSONValue, isStrict: Bool = false) {
        self.name = name
        self.description = description
        self.parameters = parameters
        var function: JSONObject = ["name": .string(name)]
        if let description { function["description"] = .string(description) }
        function["parameters"] = parameters
        if isStrict { function["strict"] = true }
        self.function = RawJSON(["type": "function", "function": .object(function)] as JSONValue)
    }
}

/// Whether a model may, must or must not call tools.
package enum ModelToolChoice: Sendable, Equatable {
    case auto
    case none
    case required
    /// Must call this one.
    case one(String)
}
