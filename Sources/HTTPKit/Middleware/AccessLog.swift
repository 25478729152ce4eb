import EventStreams
import HTTPTypes
import Hummingbird
import LettaAPI
import Logging

/// Assigns request ids, logs one line per request and records metrics.
///
/// The line of a streamed response is written when the stream ends. Of the client's data it holds only the method and
/// the request id; who sent the request is named by the ids of the user and of the API key.
struct AccessLog: RouterMiddleware {
    let metrics: HTTPMetrics
    let recordRequest: (@Sendable (RequestTrace) -> Void)?

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let start = ContinuousClock.now
        let line = Line(
            method: request.method, start: start, path: context.coreContext.endpointPath, caller: context.callerName,
            metrics: metrics, trace: trace(of: request), recordRequest: recordRequest)
        do {
            var response: Response
            if let id = request.headers[.requestID], Self.isSafe(id) {
                context.requestID = id
                context.logger[metadataKey: "hb.request.id"] = .string(id)
                response = try await withLogger(context.logger) { [context] _ in
                    try await line.tracing { try await next(request, context) }
                }
            } else {
                context.requestID = context.id
                response = try await line.tracing { [context] in try await next(request, context) }
            }
            response.headers[.requestID] = context.requestID
            if request.method == .head {
                response = response.createHeadResponse()
            } else if response.body.contentLength == nil {
                let body = response.body
                let (status, logger) = (response.status.code, context.logger)
                response.body = ResponseBody { writer in
                    defer { line.end(status: status, bytes: nil, logger) }
                    try await body.write(writer)
                }
                return response
            }
            line.end(status: response.status.code, bytes: response.body.contentLength, context.logger)
            return response
        } catch {
            // Only a broken connection gets here.
            line.end(status: 499, bytes: nil, context.logger)
            throw error
        }
    }

    /// The place of the request in a trace; nil when neither the client nor the server traces it.
    private func trace(of request: Request) -> Line.Trace? {
        let parent = request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }
        guard parent != nil || recordRequest != nil else { return nil }
        return Line.Trace(context: parent?.child() ?? .root(isPropagated: true), parentID: parent?.spanID)
    }

    /// Whether a client's id needs no escaping in logs and headers.
    private static func isSafe(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
                default: false
                }
            }
    }

    private struct Line: Sendable {
        let method: HTTPRequest.Method
        let start: ContinuousClock.Instant
        let path: EndpointPath
        let caller: CallerName
        let metrics: HTTPMetrics
        let trace: Trace?
        let recordRequest: (@Sendable (RequestTrace) -> Void)?

        struct Trace: Sendable {
            let context: TraceContext
            let parentID: String?
        }

        /// Runs `body` as part of the request's trace.
        func tracing(_ body: () async throws -> Response) async throws -> Response {
            guard let trace else { return try await body() }
            return try await TraceContext.$current.withValue(trace.context, operation: body)
        }

        func end(status: Int, bytes: Int?, _ logger: Logger) {
            let duration = start.duration(to: .now)
            let route = path.value ?? "unmatched"
            metrics.record(
                route: route, method: method, status: status, duration: duration, key: caller.get().key?.rawValue)
            if let trace, let recordRequest {
                recordRequest(
                    RequestTrace(
                        context: trace.context, parentID: trace.parentID, method: HTTPMetrics.label(of: method),
                        route: route, status: status, duration: duration, user: caller.get().user))
            }
            logger.info("Request", metadata: metadata(route, status, bytes, duration))
        }

        private func metadata(_ route: String, _ status: Int, _ bytes: Int?, _ duration: Duration) -> Logger.Metadata {
            let micros = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
            var metadata: Logger.Metadata = [
                "http.method": .string(HTTPMetrics.label(of: method)), "http.route": .string(route),
                "http.status": .stringConvertible(status),
                "duration.ms": .stringConvertible(Double(micros) / 1000),
            ]
            let caller = caller.get()
            if let user = caller.user { metadata["user.id"] = .string(user) }
            if let key = caller.key { metadata["key.id"] = .string(key.rawValue) }
            if let bytes { metadata["http.bytes"] = .stringConvertible(bytes) }
            return metadata
        }
    }
}
