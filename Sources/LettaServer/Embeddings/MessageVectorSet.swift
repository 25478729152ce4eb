import LettaAPI

/// The vectors of one agent's messages by one model: a row of table `message_vector_set`.
struct MessageVectorSet: Codable, Sendable {
    let agentID: ID<AgentState>
    /// Counts the models that the agent has had.
    var generation: Int
    var embeddingConfig: Document<EmbeddingConfig>
    /// The length of the vectors; nil until the model has made the first one. No other length is stored.
    var dimensions: Int?
    /// The messages from here to before ``nextPosition`` have their vectors, if they can have any.
    var firstPosition: Int
    var nextPosition: Int

    var positions: Range<Int> { firstPosition..<max(firstPosition, nextPosition) }
}

/// An agent whose messages may wait for their vectors.
struct MessageOwner: Hashable, Sendable {
    let organization: String
    let agent: ID<AgentState>

    /// The users who wrote may be gone; models are those of the organization.
    var scope: Scope { Scope(organization: organization, user: "") }
}

/// Messages of an agent that wait for their vectors.
struct WaitingMessages: Sendable {
    struct Text: Sendable {
        let position: Int
        let text: String
    }

    let owner: MessageOwner
    let set: MessageVectorSet
    let texts: [Text]
    /// What is done once these are: also what has no text.
    let positions: Range<Int>
    /// Whether newer messages have their vectors.
    var isBacklog: Bool { positions.lowerBound < set.firstPosition }
}
