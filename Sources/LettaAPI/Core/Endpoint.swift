public import JSON

/// The HTTP verbs that endpoints use.
public enum HTTPVerb: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// One operation of the API: where it is, what it takes and what it answers.
///
/// `Path` are the captures of the path in order, `Query` the parameters behind `?`, `Body` the JSON
/// body. Paths are written as the wire has them (`/v1/agents/{agent_id}`); collections end with a
/// slash, and the server answers the other spelling too.
public struct Endpoint<
    Path: PathParameters, Query: Codable & Sendable, Body: Codable & Sendable,
    Output: Decodable & JSONWritable
>: Sendable {
    public let verb: HTTPVerb
    public let path: String
    /// What the operation does, in one sentence; shown in the OpenAPI document.
    public let summary: String
    /// Other spellings of the same operation by servers and clients. Those of the documentation are in
    /// `documented-aliases.tsv`.
    public let aliases: [String]
    /// The status of a success.
    public let status: Int

    public init(
        _ verb: HTTPVerb, _ path: String, _ summary: String, aliases: [String] = [], status: Int = 200
    ) {
        self.verb = verb
        self.path = path
        self.summary = summary
        self.aliases = aliases
        self.status = status
    }
}

/// Stands for "this endpoint takes no query parameters".
public struct NoQuery: Codable, Sendable {
    public init() {}
}

/// Stands for "this endpoint takes no body"; whatever is sent is ignored, as the peer does.
public struct NoBody: Codable, Sendable {
    public init() {}
}

/// An answer whose body is the JSON `null`.
public struct NullOutput: Codable, Sendable, JSONWritable {
    public init() {}

    public init(from decoder: any Decoder) throws {}

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }

    public func write(to writer: inout JSONWriter) {
        writer.value(JSONValue.null)
    }
}

/// An answer that only says what was done.
public struct MessageOutput: Codable, Sendable, JSONWritable {
    public var message: String

    public init(_ message: String) {
        self.message = message
    }
}
