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
    }
}

/// A request for a chat completion. The agent has its own history and its own instructions, so of `messages` only the
/// last one of the user is sent. Other fields of OpenAI's are accepted and ignored.
public struct CreateChatCompletion: Codable, Sendable {
    /// The id or the name of an agent.
    public var model: String
    public var messages: [ChatMessage]
    public var stream: Bool?
    public var streamOptions: ChatStreamOptions?

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

    public init(messages: [ChatMessage]) {
        self.messages = messages
    }
}

/// One message of a chat, in OpenAI's form.
public struct ChatMessage: Codable, Sendable {
    public var role: String
    /// Text, or parts; messages with tool calls may have none.
    public var content: MessageContent?
    public var name: String?

    public init(role: String, content: MessageContent?) {
        self.role = role
        self.content = content
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
    /// Text, or a list of items, of which the last message of the user is sent.
    public var input: JSONValue
    public var stream: Bool?
    /// The id of an earlier response of the same agent, which remembers it in any case.
    public var previousResponseID: String?

    public init(model: String, input: JSONValue) {
        self.model = model
        self.input = input
    }
}
