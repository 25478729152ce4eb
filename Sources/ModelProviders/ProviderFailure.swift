/// Why a call to a model provider failed, independent of its wire format.
package struct ProviderFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        case badRequest
        case authentication
        case insufficientCredits
        case permissionDenied
        case notFound
        case unprocessable
        /// The model does not support tools.
        case toolsNotSupported
        case rateLimited
        case contextWindowExceeded
        /// Status 503 or 529.
        case overloaded
        case server
        /// A deadline passed: ours, or with status 408 the provider's.
        case timeout
        /// No connection could be established.
        case connection
        /// The connection was lost before the answer was complete.
        case cut
        /// The answer could not be parsed.
        case invalidAnswer
        /// The calling task was cancelled.
        case cancelled
    }

    package var kind: Kind
    /// The HTTP status, if the provider answered.
    package var status: Int?
    /// The provider's own message if there is one. Never contains the API key.
    package var message: String
    /// The provider's `Retry-After`.
    package var retryAfter: Duration?
    /// The field of the request that the provider names as the cause.
    package var field: String?

    package init(_ kind: Kind, status: Int? = nil, message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Whether the same call fails again until somebody changes something.
    package var isPermanent: Bool {
        switch kind {
        case .badRequest, .authentication, .insufficientCredits, .permissionDenied, .notFound, .unprocessable,
            .toolsNotSupported, .contextWindowExceeded:
            true
        case .rateLimited, .overloaded, .server, .timeout, .connection, .cut, .invalidAnswer, .cancelled: false
        }
    }

    /// The failure in words that name the service, where its own words are about something that only it knows.
    package func naming(_ settings: ProviderSettings) -> ProviderFailure {
        guard kind == .notFound || kind == .overloaded else { return self }
        var failure = self
        let advice = kind == .notFound ? "Check the model's name and the address." : "Retry later."
        failure.message = """
            \(settings.name) at \(EgressAddress.shown(settings.baseURL)) answered\(status.map { " \($0)" } ?? ""): \
            \(message.sentence) \(advice)
            """
        return failure
    }

    package var description: String {
        let code = status.map { " (\($0))" } ?? ""
        return "\(kind.rawValue)\(code): \(message)"
    }
}

extension String {
    package var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }

    /// With a full stop, where it ends like no sentence.
    package var sentence: String {
        let text = trimmed
        guard let last = text.last, !".!?…".contains(last) else { return text }
        return "\(text)."
    }
}
