/// Decodes `Decodable` types from JSON, with errors that name the place and the problem. Members are looked for under
/// the names of properties in snake case (see ``VerbatimCodingKey``).
///
/// A type's `init(from:)` sees coding paths that start at its own value; the failure that comes out has the whole path.
public struct JSONDecoding: Sendable {
    public enum Scalars: Sendable {
        /// JSON types as they are; a whole number does for a `Double`.
        case strict
        /// What web frameworks accept: numbers and booleans also from text, whole floats as integers, 1 and 0 as
        /// booleans and back. Never text from a number.
        case lax
    }

    public var userInfo: [CodingUserInfoKey: any Sendable] = [:]
    let scalars: Scalars
    let wrapsSingleValues: Bool

    /// - Parameter wrapsSingleValues: takes a scalar for an array of one, as query strings need it.
    public init(scalars: Scalars = .strict, wrapsSingleValues: Bool = false) {
        self.scalars = scalars
        self.wrapsSingleValues = wrapsSingleValues
    }

    public func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws(JSONDecodingFailure) -> T {
        try DecodingSettings(self).decode(type, from: value)
    }

    /// Throws `JSONSyntaxError` or `JSONDecodingFailure`.
    public func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8], parser: JSONParser = .init()) throws -> T {
        try decode(type, from: parser.parse(bytes))
    }
}

/// Shared by all decoders of one run, so that passing it on costs a reference.
final class DecodingSettings {
    let scalars: JSONDecoding.Scalars
    let wrapsSingleValues: Bool
    let userInfo: [CodingUserInfoKey: any Sendable]

    init(_ decoding: JSONDecoding) {
        scalars = decoding.scalars
        wrapsSingleValues = decoding.wrapsSingleValues
        userInfo = decoding.userInfo
    }

    /// Decodes with a path that starts at `value`: whoever knows where `value` stands puts that before the path.
    @inline(__always)
    func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws(JSONDecodingFailure) -> T {
        if let scalar = try scalar(type, from: value) { return scalar }
        do {
            return try T(from: ValueDecoder(value, at: [], settings: self))
        } catch {
            throw JSONDecodingFailure(error, decoding: type, from: value)
        }
    }
}
