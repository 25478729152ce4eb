import HTTPTypes
import Hummingbird
import JSON
import LettaAPI

/// An error as clients of OpenAI's API read it, with the members that it has on other routes beside it.
struct OpenAIErrorBody: JSONWritable {
    let error: APIError

    /// Whether a route speaks OpenAI's API. Errors before the route is known have the peer's body alone.
    static func isUsed(by route: String) -> Bool {
        route.hasSuffix("/chat/completions") || route.hasPrefix("/v1/responses")
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.nestedObject("error") {
                $0.field("message", message)
                $0.field("type", type)
                $0.field("param", parameter)
                $0.field("code", code)
            }
            for (key, value) in own where key != "error" { $0.field(key, value) }
        }
    }

    /// The members of the body on other routes.
    private var own: JSONObject {
        // What this server wrote itself is JSON.
        (try? RawJSON(ErrorBody(body: error.body)).value().object) ?? [:]
    }

    private var message: String {
        guard case .model(_, let message, let detail?) = error.body else { return error.explanation }
        return "\(message) \(detail)"
    }

    private var type: String {
        switch error.status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private var code: String? {
        if case .model(let type, _, _) = error.body { type } else { nil }
    }

    /// The field that a request is refused for: `messages[0].content`.
    private var parameter: String? {
        guard case .validation(let issues, _) = error.body, let issue = issues.first else { return nil }
        var text = ""
        for element in issue.location.dropFirst() {
            switch element {
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? nil : text
    }
}

extension APIError {
    /// The error in OpenAI's body.
    var openAIResponse: Response {
        var headers = HTTPFields()
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        if isPermanent { headers[.shouldRetry] = "false" }
        return .json(OpenAIErrorBody(error: self), status: status, headers: headers)
    }
}
