package import JSON

/// A request to a model, independent of any provider's wire format.
package struct ModelRequest: Sendable, Equatable {
    /// The provider's own name of the model, not a handle.
    package var model: String
    package var messages: [ModelMessage]
    package var tools: [ModelTool]
    package var toolChoice: ModelToolChoice
    package var parallelToolCalls: Bool
    package var temperature: Double?
    package var maxOutputTokens: Int?
    /// The reasoning effort in the provider's terms (`minimal`, `low`, …).
    package var reasoningEffort: String?
    /// The most tokens of reasoning, for the providers that reason only when asked to; nil for not asking.
    package var reasoningBudget: Int?
    /// The structured output format, as the client gave it.
    package var responseFormat: JSONValue?
    /// How many alternatives of each token of the answer are told, with the log probabilities of all; nil for none of them.
    package var topLogprobs: Int?
    /// The context window that the model is to be run with, in tokens, for services that choose it per request.
    package var contextWindow: Int?
    /// The end user, for the provider's abuse monitoring: an id of ours.
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

/// One message of the conversation.
package enum ModelMessage: Sendable, Equatable {
    case system(String)
    case user([ModelContentPart], name: String? = nil)
    /// `reasoning` is sent back to the providers that accept it, with its `signature` to those that require one.
    case assistant(text: String?, reasoning: String? = nil, signature: String? = nil, toolCalls: [ModelToolCall] = [])
    case tool(callID: String, text: String)
}

/// A part of a user message.
package enum ModelContentPart: Sendable, Equatable {
    case text(String)
    /// `url` may be a `data:` URI; `detail` is `auto`, `low` or `high`.
    case image(url: String, detail: String? = nil)
}

/// A tool call as the model wrote it.
package struct ModelToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// Meant to be JSON, but a model may write anything.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

package struct ModelTool: Sendable, Equatable {
    package let name: String
    package let description: String?
    /// The JSON schema of the arguments.
    package let parameters: JSONValue
    /// Whether the provider must enforce the schema.
    package let isStrict: Bool
    /// The tool in the format of OpenAI's chat completions, encoded once.
    let function: RawJSON

    package init(name: String, description: String?, parameters: JSONValue, isStrict: Bool = false) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
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
    /// Must call the named tool.
    case one(String)
}
