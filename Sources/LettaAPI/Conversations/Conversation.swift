public import JSON

/// A thread of messages with an agent, beside the agent's own. Threads share the agent's memory, except for the blocks
/// that are isolated.
public struct Conversation: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "conv"

    public var id: ID<Conversation>
    public var agentID: ID<AgentState>
    public var summary: String?
    /// What the conversation is about, for those who search.
    public var description: String?
    /// Whether ``archivedAt`` is set.
    public var archived = false
    public var archivedAt: Timestamp?
    /// Whether lists leave the conversation out.
    public var hidden = false
    public var inContextMessageIDs: [ID<Message>] = []
    /// Copies of blocks of the agent that belong to this conversation alone.
    public var isolatedBlockIDs: [ID<Block>] = []
    /// The handle of the model used instead of the agent's.
    public var model: String?
    public var modelSettings: Document<ModelSettings>?
    /// The context window in tokens used instead of that of the agent's model.
    public var contextWindowLimit: Int?
    public var lastMessageAt: Timestamp?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: ID<Conversation>, agentID: ID<AgentState>, createdAt: Timestamp) {
        self.id = id
        self.agentID = agentID
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

public struct CreateConversation: Codable, Sendable {
    public var summary: String?
    /// Labels of the agent's blocks that the conversation gets copies of.
    public var isolatedBlockLabels: [String]?
    public var model: String?
    public var modelSettings: ModelSettings?
    public var description: String?
    public var contextWindowLimit: Int?
    public var hidden: Bool?

    public init() {}
}

/// The changes a client may make to a conversation. A field left out keeps its value; `null` clears it.
public struct UpdateConversation: Codable, Sendable {
    public var summary: Patch<String> = .keep
    public var model: Patch<String> = .keep
    public var modelSettings: Patch<ModelSettings> = .keep
    public var description: Patch<String> = .keep
    public var contextWindowLimit: Patch<Int> = .keep
    public var archived: Patch<Bool> = .keep
    public var lastMessageAt: Patch<Timestamp> = .keep

    public init() {}
}

/// The agent that a new conversation is with.
public struct NewConversationAgent: Codable, Sendable {
    public var agentID: ID<AgentState>

    public init(_ agentID: ID<AgentState>) {
        self.agentID = agentID
    }
}

/// The agent whose conversation `default` names.
public struct DefaultConversationAgent: Codable, Sendable {
    public var agentID: ID<AgentState>?

    public init(_ agentID: ID<AgentState>? = nil) {
        self.agentID = agentID
    }
}

/// What is forked, and how.
public struct ForkConversation: Codable, Sendable {
    /// The agent whose conversation `default` names.
    public var agentID: ID<AgentState>?
    /// Whether lists leave the new conversation out.
    public var hidden: Bool?
    /// The last message that the fork has; left out: it has the whole context.
    public var messageID: ID<Message>?

    public init(_ agentID: ID<AgentState>? = nil) {
        self.agentID = agentID
    }
}

public struct RecompileConversation: Codable, Sendable {
    /// Whether the text is returned without being stored.
    public var dryRun: Bool?

    public init() {}
}

/// What lists of conversations are ordered by; those without a value come last.
public enum ConversationOrder: String, Codable, Sendable, CaseIterable {
    case createdAt = "created_at"
    case lastRunCompletion = "last_run_completion"
    case lastMessageAt = "last_message_at"
}

/// Which conversations a list shows.
public enum ArchiveStatus: String, Codable, Sendable, CaseIterable {
    case unarchived, archived, all
}

public struct ListConversations: PageQuery {
    public var agentID: ID<AgentState>?
    /// Left out: those that are not archived.
    public var archiveStatus: ArchiveStatus?
    /// The same as a flag.
    public var archived: Bool?
    /// A part of the summary, whatever the case.
    public var summarySearch: String?
    public var orderBy: ConversationOrder?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Pages through the messages of a conversation, from the newest one on unless the order is `asc`.
public struct ListConversationMessages: PageQuery {
    public var agentID: ID<AgentState>?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// Only what was said in this group.
    public var groupID: ID<Group>?
    public var includeReturnMessageTypes: [LettaMessageType]?
    /// Whether messages are among them that the model could not take (`is_err`). Left out: they are.
    public var includeErr: Bool?

    public init() {}
}

/// Messages for a conversation.
public struct SendToConversation: Codable, Sendable {
    public var messages: SendMessages
    /// The agent whose conversation `default` names.
    public var agentID: ID<AgentState>?

    public init(_ messages: SendMessages) {
        self.messages = messages
    }

    private enum CodingKeys: CodingKey {
        case agentID
    }

    public init(from decoder: any Decoder) throws {
        messages = try SendMessages(from: decoder)
        agentID = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
            ID<AgentState>.self, forKey: .agentID)
    }

    public func encode(to encoder: any Encoder) throws {
        try messages.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(agentID, forKey: .agentID)
    }
}

/// Which turn of a conversation is followed, and from where on. Without an id it is the one that is running.
public struct FollowConversation: Codable, Sendable {
    /// The agent whose conversation `default` names.
    public var agentID: ID<AgentState>?
    public var runID: ID<Run>?
    /// The otid of a message that the turn was started with.
    public var otid: String?
    /// The `seq_id` of the last event that was seen; left out: from the first one on.
    public var startingAfter: Int?
    public var includePings: Bool?

    public init() {}
}

/// The conversation that a path names: by its id, or as the agent's own one.
public enum ConversationPath: PathParameters {
    case conversation(ID<Conversation>)
    /// Written as the agent's id, which is the older way.
    case agent(ID<AgentState>)
    /// Needs the agent's id in the query or the body.
    case `default`

    private static let word = "default"

    public static var patterns: [CapturePattern] {
        [.ids(prefixes: [Conversation.idPrefix, AgentState.idPrefix], words: [word])]
    }

    public init(captured values: [String]) {
        self =
            if values[0] == Self.word {
                .default
            } else if values[0].hasPrefix("\(AgentState.idPrefix)-") {
                .agent(ID(values[0]))
            } else {
                .conversation(ID(values[0]))
            }
    }

    public var captured: [String] {
        switch self {
        case .conversation(let id): [id.rawValue]
        case .agent(let id): [id.rawValue]
        case .default: [Self.word]
        }
    }
}

extension API {
    public enum Conversations {
        public static let list = Endpoint<NoPath, ListConversations, NoBody, [Conversation]>(
            .get, "/v1/conversations/", "Lists conversations, newest first.")
        public static let create = Endpoint<NoPath, NewConversationAgent, CreateConversation?, Conversation>(
            .post, "/v1/conversations/", "Begins a conversation with an agent.")
        public static let retrieve = Endpoint<ID<Conversation>, NoQuery, NoBody, Conversation>(
            .get, "/v1/conversations/{conversation_id}", "Retrieves a conversation.")
        public static let update = Endpoint<ID<Conversation>, NoQuery, UpdateConversation, Conversation>(
            .patch, "/v1/conversations/{conversation_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Conversation>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/conversations/{conversation_id}",
            "Deletes a conversation with its isolated blocks and the messages that no fork shares.")
        public static let fork = Endpoint<ConversationPath, ForkConversation, NoBody, Conversation>(
            .post, "/v1/conversations/{conversation_id}/fork",
            "Begins a conversation with the messages that are in the context of another.")
        public static let cancel = Endpoint<ConversationPath, DefaultConversationAgent, NoBody, [String: String]>(
            .post, "/v1/conversations/{conversation_id}/cancel", "Stops the turns of a conversation.")
        public static let messages = Endpoint<ConversationPath, ListConversationMessages, NoBody, [LettaMessage]>(
            .get, "/v1/conversations/{conversation_id}/messages", "Lists the messages of a conversation.")
        public static let send = Endpoint<ConversationPath, NoQuery, SendToConversation, LettaResponse>(
            .post, "/v1/conversations/{conversation_id}/messages",
            "Sends messages in a conversation and streams the turn, or responds at its end if streaming is false.")
        public static let follow = Endpoint<ConversationPath, NoQuery, FollowConversation?, LettaResponse>(
            .post, "/v1/conversations/{conversation_id}/stream",
            "Streams the events of a background turn of a conversation from any of them on.")
        public static let recompile = Endpoint<
            ConversationPath, RecompileConversation, DefaultConversationAgent?, String
        >(
            .post, "/v1/conversations/{conversation_id}/recompile",
            "Recompiles the system message and responds with its text.")
        public static let preview = Endpoint<ConversationPath, NoQuery, SendToConversation, RawJSON>(
            .post, "/v1/conversations/{conversation_id}/messages/preview-raw-payload",
            "Shows the first request that these messages would send to the model.")
    }
}
