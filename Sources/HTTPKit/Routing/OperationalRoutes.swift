import HTTPTypes
import Hummingbird
import LettaAPI
import Synchronization

/// `GET /metrics`, for Prometheus.
package struct MetricsRoutes: RouteGroup {
    private let metrics: PrometheusMetrics

    package init(_ metrics: PrometheusMetrics) {
        self.metrics = metrics
    }

    package func register(on routes: Routes) {
        let metrics = metrics
        routes.handleRaw(.get, "/metrics", "Metrics in the text format of Prometheus.") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.exposition)))
        }
    }
}

/// `GET /openapi.json`: describes the routes registered before this group. Made at the first request.
package struct OpenAPIRoutes: RouteGroup {
    private let title: String
    private let version: String

    package init(title: String, version: String) {
        self.title = title
        self.version = version
    }

    package func register(on routes: Routes) {
        let (title, version, records) = (title, version, routes.records)
        let document = Lazy {
            ByteBuffer(bytes: OpenAPIDocument(records: records, title: title, version: version).bytes)
        }
        routes.handleRaw(.get, "/openapi.json", "This description.") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: document.value))
        }
    }
}

/// A lazily made value.
package final class Lazy<Value: Sendable>: Sendable {
    private let made = Mutex<Value?>(nil)
    private let make: @Sendable () -> Value

    package init(_ make: @escaping @Sendable () -> Value) {
        self.make = make
    }

    package var value: Value {
        made.withLock { made in
            if let made { return made }
            let value = make()
            made = value
            return value
        }
    }
}
