public import JSON

extension API {
    /// Agents as models of OpenAI's API.
    public enum OpenAI {
        public static let chat = Endpoint<NoPath, NoQuery, CreateChatCompletion, RawJSON>(
            .post, "/v1/chat/completions", "Sends the last message of the user to the agent that `model` names.")
        public static let voice = Endpoint<ID<AgentState>, NoQuery, CreateVoiceCompletion, RawJSON>(
            .post, "/v1/voice-beta/{agent_id}/chat/completions", "Sends the last message of the user to an agent.",
            aliases: ["/v1/voice/{agent_id}/chat/completions"])
        public static let voiceOfModel = Endpoint<NoPath, NoQuery, CreateChatCompletion, RawJSON>(
            .post, "/v1/voice/chat/completions", "Sends the last message of the user to the agent that `model` names.")
        public static let respond = Endpoint<NoPath, NoQuery, CreateResponse, RawJSON>(
            .post, "/v1/responses", "Sends input to the agent that `model` names.")
        public static let response = Endpoint<TextPath, NoQuery, NoBody, RawJSON>(
            .get, "/v1/responses/{response_id}", "Returns a response of an agent.")
        public static let cancel = Endpoint<TextPath, NoQuery, NoBody, RawJSON>(
            .post, "/v1/responses/{response_id}/cancel", "Cancels a response in the background.")
    }
}

/// A request for a chat completion. The agent has its own history and its own instructions, so of `messages` only the
/// last one of the user is sent, and results of the client's tools. Other fields of OpenAI's are accepted and ignored.
public struct CreateChatCompletion: Codable, Sendable {
    /// The id or the name of an agent.
    public var model: String
    public var messages: [ChatMessage]
    public var stream: Bool?
    public var streamOptions: ChatStreamOptions?
    /// Tools that the client runs, beside those of the agent.
    public var tools: [ChatTool]?
    /// `none`, `auto`, `required`, or the name of one of `tools`.
    public var toolChoice: JSONValue?
    public var responseFormat: JSONValue?
    public var temperature: Double?
    public var maxTokens: Int?
    public var maxCompletionTokens: Int?

    public init(model: String, messages: [ChatMessage]) {
        self.model = model
        self.messages = messages
    }
}

/// The request for an agent that the path names. Voice services send a `model` of their own, or none.
public struct CreateVoiceCompletion: Codable, Sendable {
    public var messages: [ChatMessage]
    public var stream: Bool?
    public var streamOptions: ChatStreamOptions?
    public var tools: [ChatTool]?
    public var toolChoice: JSONValue?
    public var temperature: Double?
    public var maxTokens: Int?
    public var maxCompletionTokens: Int?

    public init(messages: [ChatMessage]) {
        self.messages = messages
    }

    /// The same request with the agent as its model.
    public func completion(of agent: ID<AgentState>) -> CreateChatCompletion {
        var body = CreateChatCompletion(model: agent.rawValue, messages: messages)
        body.stream = stream
        body.streamOptions = streamOptions
        body.tools = tools
        body.toolChoice = toolChoice
        body.temperature = temperature
        body.maxTokens = maxTokens
        body.maxCompletionTokens = maxCompletionTokens
        return body
    }
}

/// One message of a chat, in OpenAI's form.
public struct ChatMessage: Codable, Sendable {
    public var role: String
    /// Text, or parts; messages with tool calls may have none.
    public var content: MessageContent?
    public var name: String?
    /// Of the call that a message of the role `tool` is the result of.
    public var toolCallID: String?

    public init(role: String, content: MessageContent?) {
        self.role = role
        self.content = content
    }
}

/// A tool of the client's, in the form of chat completions.
public struct ChatTool: Codable, Sendable {
    /// `function`; other types are refused.
    public var type: String
    public var function: ClientTool?

    public init(_ function: ClientTool) {
        type = "function"
        self.function = function
    }
}

public struct ChatStreamOptions: Codable, Sendable {
    /// Whether the stream ends with a chunk that has the usage.
    public var includeUsage: Bool?

    public init(includeUsage: Bool?) {
        self.includeUsage = includeUsage
    }
}

/// A request for a response, in OpenAI's form. Fields that are not listed are accepted and ignored.
public struct CreateResponse: Codable, Sendable {
    /// The id or the name of an agent.
    public var model: String
    /// Text, or a list of items, of which the last message of the user is sent, and results of the client's tools.
    public var input: JSONValue
    public var stream: Bool?
    /// Whether the answer only names the response, which is retrieved by its id.
    public var background: Bool?
    /// The id of an earlier response of the same agent, which remembers it in any case.
    public var previousResponseID: String?
    /// Tools that the client runs, beside those of the agent.
    public var tools: [ResponseTool]?
    public var toolChoice: JSONValue?
    /// Has the `format` of the answer.
    public var text: JSONValue?
    public var temperature: Double?
    public var maxOutputTokens: Int?

    public init(model: String, input: JSONValue) {
        self.model = model
        self.input = input
    }
}

/// A tool of the client's, in the form of responses.
public struct ResponseTool: Codable, Sendable {
    /// `function`; other types are refused.
    public var type: String
    public var name: String?
    public var description: String?
    public var parameters: JSONValue?

    public init(type: String, name: String?) {
        self.type = type
        self.name = name
    }
}
