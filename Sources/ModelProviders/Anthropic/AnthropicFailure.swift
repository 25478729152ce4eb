import JSON

extension ProviderFailure {
    /// The failure that an error in a stream describes, after a successful response head.
    static func anthropic(event error: JSONValue) -> ProviderFailure {
        ProviderFailure(event: error, status: error["type"]?.string.flatMap { statuses[$0] } ?? 500)
    }

    /// The statuses of the error types, which come without a status in a stream.
    private static let statuses = [
        "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
        "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500,
        "timeout_error": 504, "overloaded_error": 529,
    ]
}
