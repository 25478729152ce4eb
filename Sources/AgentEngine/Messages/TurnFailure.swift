package import JSON
package import ModelProviders

/// Why a turn failed, with the texts and the HTTP status that clients expect.
package struct TurnFailure: Sendable, Hashable {
    /// The `type` of the error: `llm_rate_limit`, `internal_error`, …
    package var type: String
    package var message: String
    package var detail: String
    /// The HTTP status of a response that is not a stream.
    package var status: Int
    /// Whether a repetition of the request fails as well.
    package var isPermanent = false

    package init(type: String, message: String, detail: String, status: Int) {
        self.type = type
        self.message = message
        self.detail = detail
        self.status = status
    }

    /// Translates the failure of a model call.
    package init(_ failure: ProviderFailure) {
        let code: String
        switch failure.kind {
        case .badRequest, .toolsNotSupported:
            self = .badRequest
            code = "INVALID_ARGUMENT"
        // The service does not have the model that the agent names: not a fault of this server.
        case .notFound:
            self = .badRequest
            code = "NOT_FOUND"
        case .overloaded:
            self = .model
            status = 503
            code = "UNAVAILABLE"
        // A deadline of ours is not the client's fault; a 408 from the provider counts as one.
        case .timeout where failure.status != nil:
            self = .badRequest
            code = "INVALID_ARGUMENT"
        case .contextWindowExceeded:
            self = .badRequest
            code = "CONTEXT_WINDOW_EXCEEDED"
        case .authentication:
            self = .authentication
            code = "UNAUTHENTICATED"
        case .insufficientCredits:
            self = .insufficientCredits
            code = "PAYMENT_REQUIRED"
        case .rateLimited:
            self = .rateLimit
            code = "RATE_LIMIT_EXCEEDED"
        default:
            self = .model
            code = Self.code(of: failure.kind)
        }
        detail = "\(code): \(failure.message)"
        isPermanent = failure.isPermanent
    }

    private static let badRequest = TurnFailure(
        type: "llm_bad_request", message: "The request to the LLM model provider was invalid.", detail: "", status: 400)
    private static let authentication = TurnFailure(
        type: "llm_authentication", message: "Authentication failed with the LLM model provider.", detail: "",
        status: 401)
    private static let insufficientCredits = TurnFailure(
        type: "llm_insufficient_credits",
        message: "Insufficient credits for LLM request. Please check your account.", detail: "", status: 402)
    private static let rateLimit = TurnFailure(
        type: "llm_rate_limit",
        message: "Rate limit exceeded for LLM model provider. Please wait before making another request.", detail: "",
        status: 429)
    private static let model = TurnFailure(
        type: "llm_error", message: "An error occurred with the LLM request.", detail: "", status: 500)

    private static func code(of kind: ProviderFailure.Kind) -> String {
        switch kind {
        case .permissionDenied: "PERMISSION_DENIED"
        case .unprocessable: "INVALID_ARGUMENT"
        case .timeout: "DEADLINE_EXCEEDED"
        default: "INTERNAL_SERVER_ERROR"
        }
    }
}

extension TurnFailure: JSONWritable {
    /// The object under `error` in a response.
    package func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("type", type)
            $0.field("message", message)
            $0.field("detail", detail)
        }
    }
}
