import HTTPTypes
package import Metrics
import Synchronization

/// Counts and times requests. Labels come from closed sets: route template, method, status.
package final class HTTPMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var method: String
        var status: Int
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Key: Counter]>([:])
    private let keyCounters = Mutex<[String: Counter]>([:])
    private let timers = Mutex<[String: Metrics.Timer]>([:])

    package init(factory: any MetricsFactory) {
        self.factory = factory
    }

    /// - Parameter key: the API key of the request: only those that exist are counted, so the set is closed.
    func record(route: String, method: HTTPRequest.Method, status: Int, duration: Duration, key: String? = nil) {
        if let key { keyCounter(key).increment() }
        let key = Key(route: route, method: Self.label(of: method), status: status)
        counter(key).increment()
        timer(route).recordNanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }

    private func counter(_ key: Key) -> Counter {
        counters.withLock { counters in
            if let known = counters[key] { return known }
            let new = Counter(
                label: "http_requests_total",
                dimensions: [("method", key.method), ("route", key.route), ("status", String(key.status))],
                factory: factory)
            counters[key] = new
            return new
        }
    }

    private func keyCounter(_ key: String) -> Counter {
        keyCounters.withLock { counters in
            if let known = counters[key] { return known }
            let new = Counter(label: "http_requests_by_key_total", dimensions: [("key", key)], factory: factory)
            counters[key] = new
            return new
        }
    }

    private func timer(_ route: String) -> Metrics.Timer {
        timers.withLock { timers in
            if let known = timers[route] { return known }
            let new = Metrics.Timer(
                label: "http_request_seconds", dimensions: [("route", route)], factory: factory)
            timers[route] = new
            return new
        }
    }

    /// Clients may send any method; unknown ones share one label.
    static func label(of method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .head, .post, .put, .patch, .delete, .options: method.rawValue
        default: "other"
        }
    }
}
