import EventStreams
import JSON
import LettaAPI

/// An operation that took some time, as OpenTelemetry describes it.
struct Span: Sendable {
    /// The numbers are those of OTLP.
    enum Kind: Int64, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    enum Status: Sendable {
        case unset, ok
        case error(String)
    }

    let context: TraceContext
    let parentID: String?
    let name: String
    var kind = Kind.internal
    let start: Timestamp
    let end: Timestamp
    var attributes: JSONObject = [:]
    var status = Status.unset

    init(_ name: String, _ context: TraceContext, in parentID: String?, from start: Timestamp, to end: Timestamp) {
        self.name = name
        self.context = context
        self.parentID = parentID
        self.start = start
        self.end = max(start, end)
    }
}

extension RunSpan {
    init(_ span: Span) {
        var attributes = span.attributes
        let status: String
        switch span.status {
        case .unset: status = "UNSET"
        case .ok: status = "OK"
        case .error(let message):
            status = "ERROR"
            attributes["error.message"] = .string(message)
        }
        self.init(
            traceID: span.context.traceID, spanID: span.context.spanID, parentSpanID: span.parentID,
            spanName: span.name, startTimeNs: span.start.nanoseconds, durationNs: span.start.nanoseconds(to: span.end),
            statusCode: status, attributes: .object(attributes))
    }
}
