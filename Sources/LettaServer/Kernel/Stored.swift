import LettaAPI

/// A wire type with the two times that its table has and the wire has not.
@dynamicMemberLookup
struct Stored<Wire: Codable & Sendable>: Codable, Sendable {
    var wire: Wire
    var createdAt: Timestamp
    var updatedAt: Timestamp

    init(_ wire: Wire, at time: Timestamp) {
        self.wire = wire
        createdAt = time
        updatedAt = time
    }

    private enum CodingKeys: CodingKey {
        case createdAt, updatedAt
    }

    init(from decoder: any Decoder) throws {
        wire = try Wire(from: decoder)
        let times = try decoder.container(keyedBy: CodingKeys.self)
        createdAt = try times.decode(Timestamp.self, forKey: .createdAt)
        updatedAt = try times.decode(Timestamp.self, forKey: .updatedAt)
    }

    func encode(to encoder: any Encoder) throws {
        try wire.encode(to: encoder)
        var times = encoder.container(keyedBy: CodingKeys.self)
        try times.encode(createdAt, forKey: .createdAt)
        try times.encode(updatedAt, forKey: .updatedAt)
    }

    subscript<Value>(dynamicMember path: WritableKeyPath<Wire, Value>) -> Value {
        get { wire[keyPath: path] }
        set { wire[keyPath: path] = newValue }
    }
}
