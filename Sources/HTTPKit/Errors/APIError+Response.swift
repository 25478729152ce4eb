import HTTPTypes
import Hummingbird
import JSON
import LettaAPI

extension APIError {
    /// The error in the peer's body for its kind.
    var response: Response {
        var headers = HTTPFields()
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        if isPermanent { headers[.shouldRetry] = "false" }
        return .json(ErrorBody(body: body), status: status, headers: headers)
    }
}

extension Response {
    /// `{"detail": text}`
    static func detail(_ text: String, status: Int, headers: HTTPFields = [:]) -> Response {
        .json(ErrorBody(body: .detail(text)), status: status, headers: headers)
    }
}

extension UnsupportedContentType {
    /// 422, as the peer answers: not 415.
    var response: Response {
        .json(ValidationBody(text: issues, examples: []), status: 422)
    }
}

struct ErrorBody: JSONWritable {
    var body: APIError.Body

    func write(to writer: inout JSONWriter) {
        switch body {
        case .detail(let text):
            writer.object { $0.field("detail", text) }
        case .pendingApproval(let message, let requestID):
            writer.object {
                $0.nestedObject("detail") {
                    $0.field("code", "PENDING_APPROVAL")
                    $0.field("message", message)
                    $0.field("pending_request_id", requestID)
                }
            }
        case .busy(let message, let runID):
            writer.object {
                $0.field("detail", message)
                $0.field("run_id", runID)
            }
        case .validation(let issues, let examples):
            ValidationBody(text: PythonText.list(of: issues), examples: examples).write(to: &writer)
        case .model(let type, let message, let detail):
            writer.object {
                $0.nestedObject("error") {
                    $0.field("type", type)
                    $0.field("message", message)
                    $0.field("detail", detail)
                }
            }
        }
    }
}

private struct ValidationBody: JSONWritable {
    var text: String
    var examples: [String]

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("trace_id", "")
            $0.field("detail", text)
            if !examples.isEmpty { $0.field("examples", examples) }
        }
    }
}
