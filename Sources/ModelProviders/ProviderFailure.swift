/// Why a model provider could not do what it was asked, in terms that do not depend on its wire format.
package struct ProviderFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case badRequest
        case authentication
        case insufficientCredits
        case permissionDenied
        case notFound
        case unprocessable
        /// The model can't be offered tools.
        case toolsNotSupported
        case rateLimited
        case contextWindowExceeded
        /// The provider has too much to do right now (503, 529).
        case overloaded
        case server
        /// A deadline passed, ours or (with status 408) the provider's.
        case timeout
        /// No connection could be made.
        case connection
        /// The connection ended before the answer did.
        case cut
        /// The answer came but could not be understood.
        case invalidAnswer
        /// The task that waited for the answer was cancelled.
        case cancelled
    }

    package var kind: Kind
    /// The provider's HTTP status, where it came to one.
    package var status: Int?
    /// For people: the provider's own words where there are any. Never holds the API key.
    package var message: String
    /// How long the provider asked us to wait before we try again.
    package var retryAfter: Duration?

    package init(_ kind: Kind, status: Int? = nil, message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
    }

    package var description: String {
        let code = status.map { " (\($0))" } ?? ""
        return "\(kind.rawValue)\(code): \(message)"
    }
}
