import EventStreams
import JSON
import LettaAPI

/// Spans in the JSON form of OTLP.
///
/// By hand: it is one object with few members, and the packages for it bring gRPC and Protocol Buffers with them.
struct OTLPDocument {
    let spans: [Span]
    let serviceName: String

    var bytes: [UInt8] { JSONWriter.bytes(of: json) }

    private var json: JSONValue {
        let resource: JSONObject = [
            "service.name": .string(serviceName), "service.version": .string(ServerVersion.current),
        ]
        return [
            "resourceSpans": [
                [
                    "resource": ["attributes": Self.attributes(resource)],
                    "scopeSpans": [
                        [
                            "scope": ["name": "letta-swift", "version": .string(ServerVersion.current)],
                            "spans": .array(spans.map(Self.json)),
                        ]
                    ],
                ]
            ]
        ]
    }

    private static func json(_ span: Span) -> JSONValue {
        var status: JSONObject = [:]
        switch span.status {
        case .unset: break
        case .ok: status["code"] = .int(1)
        case .error(let message):
            status["code"] = .int(2)
            status["message"] = .string(message)
        }
        var object: JSONObject = [
            "traceId": .string(span.context.traceID), "spanId": .string(span.context.spanID),
            "name": .string(span.name), "kind": .int(span.kind.rawValue),
            "startTimeUnixNano": .string("\(span.start.nanoseconds)"),
            "endTimeUnixNano": .string("\(span.end.nanoseconds)"), "attributes": attributes(span.attributes),
            "status": .object(status),
        ]
        if let parent = span.parentID { object["parentSpanId"] = .string(parent) }
        return .object(object)
    }

    private static func attributes(_ values: JSONObject) -> JSONValue {
        .array(values.map { ["key": .string($0.key), "value": value($0.value)] })
    }

    private static func value(_ value: JSONValue) -> JSONValue {
        if let text = value.string { return ["stringValue": .string(text)] }
        if let number = value.int { return ["intValue": .string("\(number)")] }
        if let items = value.array { return ["arrayValue": ["values": .array(items.map(self.value))]] }
        if let number = value.double { return ["doubleValue": .double(number)] }
        if let flag = value.bool { return ["boolValue": .bool(flag)] }
        return ["stringValue": .string(JSONWriter.string(of: value))]
    }
}
