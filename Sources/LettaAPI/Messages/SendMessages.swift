/// Messages for an agent. Exactly one of `messages` and `input` has to be there.
public struct SendMessages: Codable, Sendable {
    public var messages: [SentMessage]?
    /// Stands for one message of the user.
    public var input: MessageContent?
    /// The most model calls of the turn; left out: 50.
    public var maxSteps: Int?
    public var useAssistantMessage: Bool?
    public var assistantMessageToolName: String?
    public var assistantMessageToolKwarg: String?
    /// Kinds of messages to answer with; left out: all.
    public var includeReturnMessageTypes: [LettaMessageType]?
    /// Whether the answer is a stream of events.
    public var streaming: Bool?
    /// Whether a stream shows what the model says piece by piece.
    public var streamTokens: Bool?
    /// Whether a stream begins with a ping and gets more while nothing else happens.
    public var includePings: Bool?
    public var background: Bool?
    /// The handle of a model for this turn alone.
    public var overrideModel: String?
    /// A system message for this turn alone, in place of prompt and memory.
    public var overrideSystem: String?
    /// What the client can do beside the agent's tools, shown to the model in this turn alone.
    public var clientSkills: [ClientSkill]?
    /// Whether a compaction is shown as an event and a summary, instead of as a message of the user.
    public var includeCompactionMessages: Bool?
    /// Tools that the client runs, offered to the model in this turn alone. One with the name of an agent's tool
    /// replaces it.
    public var clientTools: [ClientTool]?
    /// Whether the answer has the log probabilities of the tokens of the last model call.
    public var returnLogprobs: Bool?
    /// How many of the likeliest tokens come with each, from 0 to 20.
    public var topLogprobs: Int?
    /// The identity that speaks, by its id or its key: its blocks are in the context of this turn alone.
    public var identityID: String?
    /// Where the end of a run is to be announced; for ``API/Messages/sendLater`` alone.
    public var callbackURL: String?

    public init(_ text: String) {
        input = .text(text)
    }
}

/// Something the client's own environment knows how to do.
public struct ClientSkill: Codable, Sendable {
    public var name: String
    public var description: String
    /// The path of its instructions, such as `skills/letters/SKILL.md`.
    public var location: String

    public init(name: String, description: String, location: String) {
        self.name = name
        self.description = description
        self.location = location
    }
}

/// The kinds of ``LettaMessage``.
public enum LettaMessageType: String, Codable, Sendable, CaseIterable {
    case system = "system_message"
    case user = "user_message"
    case assistant = "assistant_message"
    case reasoning = "reasoning_message"
    case hiddenReasoning = "hidden_reasoning_message"
    case toolCall = "tool_call_message"
    case toolReturn = "tool_return_message"
    case approvalRequest = "approval_request_message"
    case approvalResponse = "approval_response_message"
    case summary = "summary_message"
    case event = "event_message"
}

/// Pages through the messages of an agent. Every page is in order of time, whatever end it is from.
public struct ListMessages: PageQuery {
    /// Only what came before the message with this id.
    public var before: String?
    /// Only what came after the message with this id.
    public var after: String?
    /// Left out: 100 stored messages.
    public var limit: Int?
    /// Whether the page is from the newest end (`desc`, as when left out) or the oldest.
    public var order: SortOrder?
    public var includeReturnMessageTypes: [LettaMessageType]?
    public var useAssistantMessage: Bool?
    public var assistantMessageToolName: String?
    public var assistantMessageToolKwarg: String?
    /// Only the messages of this conversation; `default` for those of the agents' own ones.
    public var conversationID: String?
    /// Only what was said in this group.
    public var groupID: ID<Group>?
    /// Whether messages are among them that the model could not take (`is_err`). Left out: they are.
    public var includeErr: Bool?

    public init() {}
}

/// How an agent's context is emptied.
public struct ResetMessages: Codable, Sendable {
    /// Whether the context gets the messages that a new agent of this type starts with.
    public var addDefaultInitialMessages: Bool?

    public init() {}
}

/// Which runs are to be cancelled; left out: all of the agent.
public struct CancelRuns: Codable, Sendable {
    public var runIDs: [String]?

    public init() {}
}
