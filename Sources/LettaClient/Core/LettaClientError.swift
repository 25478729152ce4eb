public import JSON

/// What went wrong with a call.
public enum LettaClientError: Error, Sendable {
    /// The server refused or failed. `detail` is its own explanation where it gave one; `body` is the whole answer,
    /// a string where it was no JSON.
    case api(status: Int, detail: String, body: JSONValue)
    /// A turn that was streamed failed; `type` is the server's word for why, such as `llm_rate_limit`.
    case turn(type: String, detail: String)
    /// No connection came about, or it was lost before the answer was complete.
    case connection(String)
    /// The call was not through within ``ClientSettings/callTimeout``.
    case timeout
    /// The answer to a successful call is not what it should be.
    case decoding(String)
    /// The call can't be made: the base URL is none, or an argument can't be sent.
    case invalidRequest(String)

    /// The status of the answer, where there was one that said no.
    public var status: Int? {
        if case .api(let status, _, _) = self { status } else { nil }
    }
}

extension LettaClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .api(let status, let detail, _): "status \(status): \(detail)"
        case .turn(let type, let detail): "the turn failed, \(type): \(detail)"
        case .connection(let reason): "no connection: \(reason)"
        case .timeout: "no answer in time"
        case .decoding(let reason): "unexpected answer: \(reason)"
        case .invalidRequest(let reason): "the call can't be made: \(reason)"
        }
    }
}

extension LettaClientError {
    /// Makes the error that an answer of a status other than success says.
    init(status: Int, answer text: String) {
        guard let body = try? JSONParser().parse(text) else {
            // Some proxy's page: its beginning has to do.
            self = .api(status: status, detail: String(text.prefix(500)), body: .string(text))
            return
        }
        let said = [
            body["detail"], body["detail"]?["message"], body["error"]?["message"], body["error"], body["message"],
        ]
        let detail = said.lazy.compactMap { $0?.string }.first ?? String(text.prefix(500))
        self = .api(status: status, detail: detail, body: body)
    }
}
