import EventStreams
import HTTPKit
import JSON
import LettaAPI

extension Span {
    /// A request that ended at a time.
    init(_ request: RequestTrace, at end: Timestamp) {
        let duration = request.duration.components
        let microseconds = duration.seconds * 1_000_000 + duration.attoseconds / 1_000_000_000_000
        self.init(
            "\(request.method) \(request.route)", request.context, in: request.parentID,
            from: Timestamp(microseconds: end.microseconds - microseconds), to: end)
        kind = .server
        attributes = [
            "http.request.method": .string(request.method), "http.route": .string(request.route),
            "http.response.status_code": .int(Int64(request.status)),
        ]
        if let user = request.user { attributes["user.id"] = .string(user) }
        if request.status >= 500 { status = .error("status \(request.status)") }
    }
}
