package import HTTPTypes

extension HTTPField.Name {
    /// Selects the acting user.
    package static let userID = wellFormed("user_id")
    /// The slug of a project.
    package static let project = wellFormed("X-Project")
    package static let projectID = wellFormed("X-Project-Id")
    package static let requestID = wellFormed("X-Request-Id")
    /// The handle of an embedding model for imported agents.
    package static let overrideEmbeddingModel = wellFormed("x-override-embedding-model")
    /// The password as the peer's own clients send it.
    package static let barePassword = wellFormed("X-BARE-PASSWORD")
    /// The place of the client's operation in a trace, as W3C Trace Context has it.
    static let traceparent = wellFormed("traceparent")
    static let stainlessPackageVersion = wellFormed("X-Stainless-Package-Version")
    /// Counts the repeats of a request by a client of its own accord, from 0.
    package static let stainlessRetryCount = wellFormed("X-Stainless-Retry-Count")
    /// Equal for the repeats of one request.
    package static let idempotencyKey = wellFormed("Idempotency-Key")
    /// How a browser came to send the request: from a page of the same origin, of another one, or by the user's hand.
    static let fetchSite = wellFormed("Sec-Fetch-Site")
    package static let referrerPolicy = wellFormed("Referrer-Policy")
    package static let openerPolicy = wellFormed("Cross-Origin-Opener-Policy")
    package static let resourcePolicy = wellFormed("Cross-Origin-Resource-Policy")
    package static let link = wellFormed("Link")
    /// Read by the peer's clients before they repeat a failed request.
    static let shouldRetry = wellFormed("x-should-retry")

    private static func wellFormed(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("Malformed header name \(name)") }
        return name
    }
}
