/// A field of a change: absent, `null` and a value are three different wishes.
public enum Patch<Value: Sendable>: Sendable {
    /// The field was left out: the stored value stays.
    case keep
    /// The field was `null`: the stored value is cleared.
    case clear
    case set(Value)

    /// The new value, or nil when the field was left out or `null`.
    public var value: Value? {
        if case .set(let value) = self { value } else { nil }
    }

    public var isKept: Bool {
        if case .keep = self { true } else { false }
    }

    /// Changes `field`, which may be cleared.
    public func apply(to field: inout Value?) {
        field = applied(to: field)
    }

    /// Changes `field`, which can't be empty: `null` leaves it as it is.
    public func apply(to field: inout Value) {
        if case .set(let value) = self { field = value }
    }

    /// What the field is after the change, where `stored` stood before.
    public func applied(to stored: Value?) -> Value? {
        switch self {
        case .keep: stored
        case .clear: nil
        case .set(let value): value
        }
    }
}

extension Patch: Equatable where Value: Equatable {}

extension Patch: Decodable where Value: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = container.decodeNil() ? .clear : .set(try container.decode(Value.self))
    }
}

extension Patch: Encodable where Value: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .keep, .clear: try container.encodeNil()
        case .set(let value): try container.encode(value)
        }
    }
}

// Synthesized coding picks these up, so that no type with patches needs coding by hand.
extension KeyedDecodingContainer {
    public func decode<Value: Decodable & Sendable>(
        _ type: Patch<Value>.Type, forKey key: Key
    ) throws -> Patch<Value> {
        guard contains(key) else { return .keep }
        return try decodeNil(forKey: key) ? .clear : .set(decode(Value.self, forKey: key))
    }
}

extension KeyedEncodingContainer {
    public mutating func encode<Value: Encodable & Sendable>(
        _ patch: Patch<Value>, forKey key: Key
    ) throws {
        switch patch {
        case .keep: break
        case .clear: try encodeNil(forKey: key)
        case .set(let value): try encode(value, forKey: key)
        }
    }
}
