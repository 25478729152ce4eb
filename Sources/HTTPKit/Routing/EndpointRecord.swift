package import LettaAPI

/// One registered operation, from which the OpenAPI document, the 405 response and the metrics labels are made.
package struct EndpointRecord: Sendable {
    package enum Kind: Sendable, Hashable {
        /// Declared as an `Endpoint` value.
        case endpoint
        /// Not part of the API proper: metrics, documents, pages.
        case raw
        /// Listed in the API, responds with 501.
        case unserved
    }

    package var kind: Kind
    package var verb: HTTPVerb
    /// As declared, such as `/v1/agents/{agent_id}`; the label in metrics and logs.
    package var path: String
    /// The operation that this one is a further spelling of, such as `GET /v1/agents/{agent_id}/archival-memory`.
    package var original: String?
    package var summary: String
    /// The status of a success.
    package var status: Int
    /// The path's captures in order.
    package var captures: [(name: String, pattern: CapturePattern)]
    /// Nil for raw and unserved routes.
    package var types: OperationTypes?
    /// Whether the handler makes the response itself, which may be a stream of events.
    package var mayStream = false
}

package struct OperationTypes: Sendable {
    package var query: any (Decodable & Sendable).Type
    package var body: any (Decodable & Sendable).Type
    package var output: any (Decodable & Sendable).Type
}
