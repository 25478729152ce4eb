import LettaAPI

/// The vectors of one archive or folder by one model: a row of table `vector_set`.
struct VectorSet: Codable, Sendable {
    enum Kind: String, Codable, Sendable, CaseIterable {
        case archive, folder
    }

    /// The id of an archive or a folder.
    let ownerID: String
    /// Counts the models that the owner has had.
    let generation: Int
    let kind: Kind
    var embeddingConfig: Document<EmbeddingConfig>
    /// The length of the vectors; nil until the model has made the first one. No other length is stored.
    var dimensions: Int?
    /// Whether searches use it. One that is not current replaces the current one as soon as it is complete.
    var isCurrent: Bool
    /// Counts the changes, so that what memory holds can be brought up to date.
    var version = 0
    /// The attempts of the model that failed since the last good one.
    var failures = 0
    var error: String?
    var retryAt: Timestamp
    let createdAt: Timestamp
}

/// Passages of one set that wait for their vectors.
struct WaitingPassages: Sendable {
    struct Passage: Sendable {
        let id: ID<LettaAPI.Passage>
        /// Counts the changes of the text: a vector is stored for the text that it was made of.
        let revision: Int
        let text: String
    }

    let scope: Scope
    let set: VectorSet
    let passages: [Passage]
}

/// What embedding made of a text.
enum EmbeddedText: Sendable {
    /// Of length 1.
    case vector([Float])
    /// The text has nothing to embed, or the model gave no direction.
    case nothing
    /// The model refuses this text.
    case refused(String)
}
