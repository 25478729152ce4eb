import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Names each request, and when its answer has been handed over, writes one line about it and counts it.
///
/// Nothing of what callers send is in the line but the method and the id.
struct AccessLog: RouterMiddleware {
    let metrics: HTTPMetrics

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let given = request.headers[.requestID].flatMap { Self.isSafe($0) ? $0 : nil }
        context.requestID = given ?? context.id
        if let given { context.logger[metadataKey: "hb.request.id"] = .string(given) }
        let line = Line(
            method: request.method, path: context.coreContext.endpointPath, metrics: metrics, logger: context.logger)
        var response =
            if given == nil {
                try await next(request, context)
            } else {
                try await withLogger(context.logger) { [context] _ in try await next(request, context) }
            }
        response.headers[.requestID] = context.requestID
        if request.method == .head {
            response = response.createHeadResponse()
            line.end(status: response.status.code, bytes: 0)
        } else {
            let (status, body) = (response.status.code, response.body)
            response.body = ResponseBody(contentLength: body.contentLength) { writer in
                // The line belongs to the request however its answer ends.
                defer { line.end(status: status, bytes: body.contentLength) }
                try await body.write(writer)
            }
        }
        return response
    }

    /// Whether an id from outside can stand in a log and a header as it is.
    private static func isSafe(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
                default: false
                }
            }
    }

    /// What is said of one request, once.
    private final class Line: Sendable {
        private let start = ContinuousClock.now
        private let method: HTTPRequest.Method
        private let path: EndpointPath
        private let metrics: HTTPMetrics
        private let logger: Logger
        private let isWritten = Atomic(false)

        init(method: HTTPRequest.Method, path: EndpointPath, metrics: HTTPMetrics, logger: Logger) {
            self.method = method
            self.path = path
            self.metrics = metrics
            self.logger = logger
        }

        deinit {
            // The connection broke before anything of the answer was sent.
            end(status: 499, bytes: nil)
        }

        func end(status: Int, bytes: Int?) {
            guard !isWritten.exchange(true, ordering: .relaxed) else { return }
            let duration = start.duration(to: .now)
            let route = path.value ?? "unmatched"
            metrics.record(route: route, method: method, status: status, duration: duration)
            logger.info("Request", metadata: metadata(route, status, bytes, duration))
        }

        private func metadata(_ route: String, _ status: Int, _ bytes: Int?, _ duration: Duration) -> Logger.Metadata {
            let micros = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
            var metadata: Logger.Metadata = [
                "http.method": .string(HTTPMetrics.label(of: method)), "http.route": .string(route),
                "http.status": .stringConvertible(status),
                "duration.ms": .stringConvertible(Double(micros) / 1000),
            ]
            if let bytes { metadata["http.bytes"] = .stringConvertible(bytes) }
            return metadata
        }
    }
}
