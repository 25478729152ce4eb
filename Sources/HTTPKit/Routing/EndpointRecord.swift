package import LettaAPI

/// What is known about one served operation: the OpenAPI document, the 405 answer, metrics labels and the
/// coverage test are made from these.
package struct EndpointRecord: Sendable {
    package enum Kind: Sendable, Hashable {
        /// Declared as an `Endpoint` value.
        case endpoint
        /// Served by this process and no part of the API proper: metrics, documents, pages.
        case raw
        /// Known to the API, answered with 501.
        case unserved
    }

    package var kind: Kind
    package var verb: HTTPVerb
    /// As declared, such as `/v1/agents/{agent_id}`; also the label in metrics and logs.
    package var path: String
    package var aliases: [String]
    package var summary: String
    /// The status of a success.
    package var status: Int
    /// The names of the path's captures with their patterns, in order.
    package var captures: [(name: String, pattern: CapturePattern)]
    /// The types of the operation; nil for raw and unserved routes.
    package var types: OperationTypes?
}

/// The types of one operation, kept for describing them.
package struct OperationTypes: Sendable {
    package var query: any (Decodable & Sendable).Type
    package var body: any (Decodable & Sendable).Type
    package var output: any (Decodable & Sendable).Type
}
