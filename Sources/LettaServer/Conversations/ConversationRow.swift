import LettaAPI
import Storage

/// A row of table `conversation`: the conversation without messages and blocks, and the columns that are not on the
/// wire.
@dynamicMemberLookup
struct ConversationRow: Codable, Sendable {
    var wire: Conversation
    var lastRunCompletion: Timestamp?
    /// The time in the time line of the system message.
    var systemCompiledAt: Timestamp

    init(_ wire: Conversation) {
        self.wire = wire
        systemCompiledAt = wire.createdAt
    }

    private enum CodingKeys: CodingKey {
        case lastRunCompletion, systemCompiledAt
    }

    init(from decoder: any Decoder) throws {
        wire = try Conversation(from: decoder)
        let others = try decoder.container(keyedBy: CodingKeys.self)
        lastRunCompletion = try others.decodeIfPresent(Timestamp.self, forKey: .lastRunCompletion)
        systemCompiledAt = try others.decode(Timestamp.self, forKey: .systemCompiledAt)
    }

    func encode(to encoder: any Encoder) throws {
        try wire.encode(to: encoder)
        var others = encoder.container(keyedBy: CodingKeys.self)
        try others.encode(lastRunCompletion, forKey: .lastRunCompletion)
        try others.encode(systemCompiledAt, forKey: .systemCompiledAt)
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<Conversation, Value>) -> Value {
        get { wire[keyPath: path] }
        set { wire[keyPath: path] = newValue }
    }
}
