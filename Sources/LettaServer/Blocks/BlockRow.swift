import AgentEngine
import LettaAPI
import Storage

/// A row of table `block`: the block without its tags, and the columns that are not on the wire.
@dynamicMemberLookup
struct BlockRow: Codable, Sendable, Equatable {
    private(set) var block: Block
    /// Incremented by each change; an update names the version that it read.
    var version: Int
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(id: ID<Block>, label: String, value: String, limit: Int, at time: Timestamp) {
        block = Block(id: id, label: label, value: value, limit: limit)
        version = 1
        createdAt = time
        updatedAt = time
    }

    init(_ row: SQLRow) throws {
        self = try BlockStore.table.row(row)
    }

    private enum CodingKeys: CodingKey {
        case version, createdAt, updatedAt
    }

    init(from decoder: any Decoder) throws {
        block = try Block(from: decoder)
        let others = try decoder.container(keyedBy: CodingKeys.self)
        version = try others.decode(Int.self, forKey: .version)
        createdAt = try others.decode(Timestamp.self, forKey: .createdAt)
        updatedAt = try others.decode(Timestamp.self, forKey: .updatedAt)
    }

    func encode(to encoder: any Encoder) throws {
        try block.encode(to: encoder)
        var others = encoder.container(keyedBy: CodingKeys.self)
        try others.encode(version, forKey: .version)
        try others.encode(createdAt, forKey: .createdAt)
        try others.encode(updatedAt, forKey: .updatedAt)
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<Block, Value>) -> Value {
        get { block[keyPath: path] }
        set { block[keyPath: path] = newValue }
    }

    /// Stored blocks have an id, unlike some on the wire.
    var label: String {
        get { block.label ?? "" }
        set { block.label = newValue }
    }

    /// The block as the agent engine uses it.
    var memoryBlock: MemoryBlock {
        MemoryBlock(
            label: label, description: self.description, value: self.value, limit: self.limit, readOnly: self.readOnly)
    }

    func wire(tags: [String]) -> Block {
        var block = block
        block.tags = tags
        return block
    }
}
