/// A type whose members stand among the members of the type that has it as a property.
///
/// Synthesized coding picks the functions below, so that nothing needs coding by hand.
public protocol JSONFlattened {}

extension KeyedDecodingContainer {
    public func decode<Value: Decodable & JSONFlattened>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try Value(from: superDecoder())
    }
}

extension KeyedEncodingContainer {
    public mutating func encode<Value: Encodable & JSONFlattened>(_ value: Value, forKey key: Key) throws {
        try value.encode(to: superEncoder())
    }
}
