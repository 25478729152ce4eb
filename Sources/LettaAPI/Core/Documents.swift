public import JSON

/// A JSON object whose shape belongs to the user (metadata, a response format), kept as its own text.
public struct ObjectDocument: Sendable, Hashable, JSONWritable {
    public var json: RawJSON

    public init(_ object: JSONObject = [:]) {
        json = RawJSON(JSONValue.object(object))
    }

    /// Takes text that this server itself stored.
    public init(stored text: String) {
        json = RawJSON(trusted: text)
    }

    public func write(to writer: inout JSONWriter) {
        json.write(to: &writer)
    }
}

extension ObjectDocument: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard case .object = value else {
            throw DecodingError.typeMismatch(
                [String: JSONValue].self,
                .init(codingPath: decoder.codingPath, debugDescription: "not an object"))
        }
        json = RawJSON(value)
    }

    public func encode(to encoder: any Encoder) throws {
        try json.encode(to: encoder)
    }
}

/// A typed JSON document that is stored and answered as the bytes it was written with.
///
/// Reading an agent copies the text; only who needs the content decodes it.
public struct Document<Content: Codable & JSONWritable>: Sendable, Hashable, JSONWritable {
    public var json: RawJSON

    public init(_ content: Content) {
        json = RawJSON(content)
    }

    /// Takes text that this server itself stored.
    public init(stored text: String) {
        json = RawJSON(trusted: text)
    }

    /// The typed content. Throws when the text is not such a document.
    public func content() throws -> Content {
        try JSONDecoding().decode(Content.self, from: json.value())
    }

    public func write(to writer: inout JSONWriter) {
        json.write(to: &writer)
    }
}

extension Document: Codable {
    public init(from decoder: any Decoder) throws {
        json = RawJSON(try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        try json.encode(to: encoder)
    }
}

extension KeyedDecodingContainer {
    /// The value of `key`, or `fallback` when it is absent or `null`.
    func decode<Value: Decodable>(_ key: Key, or fallback: @autoclosure () -> Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback()
    }
}
