/// Keeps a document as the text it came in, for documents that are stored and sent back unread.
///
/// Equality is that of the text, byte for byte.
public struct RawJSON: Sendable, Hashable {
    public let text: String

    /// Takes bytes from outside, after checking that they are JSON.
    public init(validating bytes: [UInt8]) throws(JSONSyntaxError) {
        _ = try JSONParser().parse(bytes)
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Takes text read back from our own storage, unchecked.
    public init(trusted text: String) {
        self.text = text
    }

    public init(_ value: some JSONWritable) {
        text = JSONWriter.string(of: value)
    }

    public static func == (left: RawJSON, right: RawJSON) -> Bool {
        ByteKey(left.text) == ByteKey(right.text)
    }

    public func hash(into hasher: inout Hasher) {
        ByteKey(text).hash(into: &hasher)
    }

    /// Throws only when the text was wrongly trusted.
    public func value() throws(JSONSyntaxError) -> JSONValue {
        try JSONParser(depthLimit: JSONParser.deepest).parse(text)
    }
}

extension RawJSON: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.raw(text.utf8)
    }
}

extension RawJSON: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try JSONValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        if let own = encoder as? TextEncoder {
            own.text.writer.value(self)
            return
        }
        try value().encode(to: encoder)
    }
}
