public import JSON

/// Messages for one agent, as an item of a batch.
public struct BatchRequest: Codable, Sendable {
    public var agentID: ID<AgentState>
    public var messages: SendMessages

    public init(agentID: ID<AgentState>, messages: SendMessages) {
        self.agentID = agentID
        self.messages = messages
    }

    private enum CodingKeys: CodingKey {
        case agentID
    }

    public init(from decoder: any Decoder) throws {
        agentID = try decoder.container(keyedBy: CodingKeys.self).decode(ID<AgentState>.self, forKey: .agentID)
        messages = try SendMessages(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(agentID, forKey: .agentID)
        try messages.encode(to: encoder)
    }
}

/// Messages for many agents, which are sent in the background.
public struct CreateBatch: Codable, Sendable {
    public var requests: [BatchRequest]
    /// Where the end of the batch is to be announced.
    public var callbackURL: String?

    public init(_ requests: [BatchRequest]) {
        self.requests = requests
    }
}

public struct ListBatches: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Pages through what the agents of a batch said, by time.
public struct ListBatchMessages: PageQuery {
    public var agentID: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// What the agents of a batch said.
public struct BatchMessages: Codable, Sendable, JSONWritable {
    public var messages: [Message]

    public init(_ messages: [Message]) {
        self.messages = messages
    }
}

/// One item of a batch.
public enum BatchItem: Resource {
    public static let idPrefix = "batch_item"
}

extension API {
    /// Messages for many agents at once. A batch is a job.
    public enum Batches {
        public static let list = Endpoint<NoPath, ListBatches, NoBody, [Job]>(
            .get, "/v1/messages/batches", "Lists batches, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateBatch, Job>(
            .post, "/v1/messages/batches", "Sends messages to many agents in the background.")
        public static let retrieve = Endpoint<ID<Job>, NoQuery, NoBody, Job>(
            .get, "/v1/messages/batches/{batch_id}", "Retrieves a batch.")
        public static let messages = Endpoint<ID<Job>, ListBatchMessages, NoBody, BatchMessages>(
            .get, "/v1/messages/batches/{batch_id}/messages", "Lists what the agents of a batch said.")
        public static let cancel = Endpoint<ID<Job>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/messages/batches/{batch_id}/cancel", "Cancels what has not ended of a batch.")
    }

    public enum InternalSearch {
        public static let warmCache = Endpoint<NoPath, NoQuery, WarmSearchCache, SearchCacheState>(
            .post, "/v1/_internal_search/cache-warm", "Says that searches of this server have no cache.", status: 202)
    }
}

public struct WarmSearchCache: Codable, Sendable {
    public enum Collection: String, Codable, Sendable, CaseIterable, JSONWritable {
        case messages
    }

    public var collection: Collection
    /// An empty object: the caller's organization.
    public var scope: ObjectDocument
}

public struct SearchCacheState: Codable, Sendable, JSONWritable {
    public var collection: WarmSearchCache.Collection
    public var status: String
    public var warmed: Bool

    public init(_ collection: WarmSearchCache.Collection, status: String, warmed: Bool) {
        self.collection = collection
        self.status = status
        self.warmed = warmed
    }
}
