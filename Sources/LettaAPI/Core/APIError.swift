public import JSON

/// What a caller is told when something can't be done. The only error that leaves a service.
///
/// It can say every body the peer says; HTTPKit turns it into bytes in one place. `underlying` is
/// logged and never sent.
public struct APIError: Error, Sendable {
    /// The shapes of error bodies on the wire.
    public enum Body: Sendable {
        /// `{"detail": text}`
        case detail(String)
        /// `{"detail": {"code": "PENDING_APPROVAL", …}}`: the agent waits for a decision.
        case pendingApproval(message: String, requestID: String)
        /// `{"detail": text, "run_id": …}`: another run is at work.
        case busy(message: String, runID: String)
        /// `{"trace_id": "", "detail": "[{…}]", "examples": […]}`: the request does not fit.
        case validation([ValidationIssue], examples: [String])
        /// `{"error": {"type", "message", "detail"}}`: the model's service failed.
        case model(type: String, message: String, detail: String?)
    }

    /// The HTTP status.
    public var status: Int
    public var body: Body
    /// Seconds after which a repeat makes sense; sent as `Retry-After`.
    public var retryAfter: Int?
    /// Whether a repetition of the request fails as well; sent as `x-should-retry: false`.
    public var isPermanent: Bool
    public var underlying: (any Error)?

    public init(status: Int, body: Body, retryAfter: Int? = nil, underlying: (any Error)? = nil) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
        isPermanent = status == 501
        self.underlying = underlying
    }

    public init(_ status: Int, _ detail: String) {
        self.init(status: status, body: .detail(detail))
    }
}

extension APIError {
    /// What is wrong, in words and without the wire's wrapping.
    public var explanation: String {
        switch body {
        case .detail(let text), .pendingApproval(let text, _), .busy(let text, _), .model(_, let text, _): text
        case .validation(let issues, _): issues.map(\.message).joined(separator: "; ")
        }
    }

    /// 400 with the prefix that the peer puts before every complaint about an argument.
    public static func invalidArgument(_ text: String) -> APIError {
        APIError(400, "INVALID_ARGUMENT: \(text)")
    }

    /// 422 for a field of the body that has to be there.
    public static func missingField(_ name: String) -> APIError {
        let issue = ValidationIssue(
            type: "missing", location: [.name("body"), .name(name)], message: "Field required", input: .null)
        return APIError(status: 422, body: .validation([issue], examples: []))
    }

    /// 404: `Agent with ID agent-… not found`.
    public static func notFound<Of>(_ noun: String, _ id: ID<Of>) -> APIError {
        APIError(404, "\(noun) with ID \(id) not found")
    }

    public static func conflict(_ text: String) -> APIError {
        APIError(409, text)
    }

    /// 422 for one field that has the right type and a value that can't be.
    ///
    /// - Parameters:
    ///   - path: The objects around the field, outermost first.
    ///   - place: `body` or `query`.
    public static func invalidField(
        _ field: String, _ message: String, input: JSONValue, path: [String] = [], in place: String = "body"
    ) -> APIError {
        let issue = ValidationIssue(
            type: "value_error", location: ([place] + path + [field]).map { .name($0) },
            message: "Value error, \(message)", input: input)
        return APIError(status: 422, body: .validation([issue], examples: []))
    }

    /// 503: storage or another part this server needs is away; nothing was changed.
    public static func unavailable(_ text: String, underlying: (any Error)? = nil) -> APIError {
        APIError(status: 503, body: .detail(text), retryAfter: 1, underlying: underlying)
    }
}

/// One complaint about a request, in the terms of the peer's 422 bodies.
public struct ValidationIssue: Sendable {
    public enum LocationElement: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    /// The kind of complaint: `missing`, `string_type`, `enum`, …
    public var type: String
    /// Where: `body`, `query` or `path` first, then keys and indices.
    public var location: [LocationElement]
    public var message: String
    public var input: JSONValue
    /// What the message was made from, such as the allowed values; empty when there is nothing.
    public var context: JSONObject

    public init(
        type: String, location: [LocationElement], message: String, input: JSONValue,
        context: JSONObject = [:]
    ) {
        self.type = type
        self.location = location
        self.message = message
        self.input = input
        self.context = context
    }
}
