/// Encodes `Encodable` types as JSON, members in the order in which they are encoded, names in snake case
/// (see ``VerbatimCodingKey``).
///
/// Nothing is skipped: an optional property without a value is written as null, unless nulls are to be omitted.
/// A number that is not finite becomes null.
public struct JSONEncoding: Sendable {
    let omitsNil: Bool

    /// - Parameter omitsNil: leaves optional properties without a value out, which in a change request means
    ///   "keep" where null means "clear".
    public init(omitsNil: Bool = false) {
        self.omitsNil = omitsNil
    }

    /// Throws what the types throw.
    public func encodeBytes(_ value: some Encodable) throws -> [UInt8] {
        let text = EncodedText(JSONWriter(), omitsNil: omitsNil)
        try text.write(value)
        return text.writer.bytes
    }

    /// The same as a value. Throws also `JSONSyntaxError`, for a `RawJSON` that was wrongly trusted.
    public func encode(_ value: some Encodable) throws -> JSONValue {
        try JSONParser(depthLimit: JSONParser.deepest).parse(encodeBytes(value))
    }
}

extension JSONWritable where Self: Encodable {
    /// Writes what the type encodes, nil as null. Types of hot paths write themselves by hand, which is quicker.
    public func write(to writer: inout JSONWriter) {
        writer.encode(self)
    }
}

extension JSONWritable where Self: Encodable & RawRepresentable, RawValue == String {
    public func write(to writer: inout JSONWriter) {
        writer.write(rawValue)
    }
}

extension JSONWriter {
    mutating func encode(_ value: some Encodable) {
        let start = mark
        let text = EncodedText(JSONWriter(style: style, capacity: 0), omitsNil: false)
        swap(&self, &text.writer)
        defer { swap(&self, &text.writer) }
        do {
            try text.encode(value)
        } catch {
            // A response that is begun can't fail any more.
            assertionFailure("\(type(of: value)) can't be encoded: \(error)")
            text.writer.rewind(to: start)
            text.writer.value(JSONValue.null)
        }
    }
}
