/// What files of this server have beyond the format of others, who ignore it: archival memory, conversations and
/// identities.
extension AgentFileDocument {
    /// An archive with its passages.
    public struct ArchiveEntry: Codable, Sendable {
        public var id: String
        public var name: String
        public var description: String?
        public var embeddingConfig: EmbeddingConfig?
        /// Oldest first.
        public var passages: [PassageEntry]

        public init(id: String, name: String) {
            self.id = id
            self.name = name
            passages = []
        }
    }

    /// A passage without its vector, which the server that it arrives at makes.
    public struct PassageEntry: Codable, Sendable {
        public var text: String
        public var tags: [String]?
        public var metadata: ObjectDocument?
        public var createdAt: Timestamp?

        public init(text: String) {
            self.text = text
        }
    }

    /// Somebody whom agents know, found by the key.
    public struct IdentityEntry: Codable, Sendable {
        public var id: String
        public var identifierKey: String
        public var name: String
        public var identityType: IdentityType
        public var properties: [IdentityProperty]?
        public var blockIDs: [String]?

        public init(_ identity: Identity, id: String, blocks: [String]) {
            self.id = id
            identifierKey = identity.identifierKey
            name = identity.name
            identityType = identity.identityType
            properties = identity.properties
            blockIDs = blocks
        }
    }

    /// A conversation beside the agent's own.
    public struct ConversationEntry: Codable, Sendable {
        /// A block that stands for the agent's block with the label.
        public struct IsolatedBlock: Codable, Sendable {
            public var label: String
            public var blockID: String

            public init(label: String, blockID: String) {
                self.label = label
                self.blockID = blockID
            }
        }

        public var id: String
        public var summary: String?
        public var description: String?
        public var model: String?
        public var modelSettings: Document<ModelSettings>?
        public var contextWindowLimit: Int?
        public var hidden: Bool?
        public var isolatedBlocks: [IsolatedBlock]?
        public var inContextMessageIDs: [String]
        /// Oldest first. A message that stands in another conversation too has its id there.
        public var messages: [MessageEntry]

        public init(_ conversation: Conversation, id: String) {
            self.id = id
            summary = conversation.summary
            description = conversation.description
            model = conversation.model
            modelSettings = conversation.modelSettings
            contextWindowLimit = conversation.contextWindowLimit
            hidden = conversation.hidden
            inContextMessageIDs = []
            messages = []
        }
    }
}
