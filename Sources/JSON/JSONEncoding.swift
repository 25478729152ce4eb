/// Encodes `Encodable` types as JSON, members in the order in which they are encoded.
///
/// Nothing is skipped: an optional property without a value is written as null, unless nulls are to be omitted.
/// A number that is not finite becomes null in the text. Dictionaries have no order of their own.
public struct JSONEncoding: Sendable {
    let omitsNil: Bool

    public init() {
        self.init(omitsNil: false)
    }

    /// - Parameter omitsNil: leaves optional properties without a value out, which in a change request means
    ///   "keep" where null means "clear".
    public init(omitsNil: Bool) {
        self.omitsNil = omitsNil
    }

    /// Throws what the types throw, and `EncodingError` for a whole number above `Int64.max`.
    public func encode(_ value: some Encodable) throws -> JSONValue {
        try EncodedNode(omitsNil: omitsNil).encoded(value)
    }

    public func encodeBytes(_ value: some Encodable) throws -> [UInt8] {
        JSONWriter.bytes(of: try encode(value))
    }
}
