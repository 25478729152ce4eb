import CoreMetrics
import HTTPTypes
import JSON
import Testing

@testable import HTTPKit

@Suite(.timeLimit(.minutes(2))) struct AccessLogTests {
    let server: TestServer

    init() throws {
        server = try TestServer()
    }

    private var lines: [String] { server.log.all.filter { $0.hasPrefix("info Request ") } }

    @Test func `one line for a request, with the route and nothing of what was sent`() async throws {
        _ = try await server.send(
            .patch, "/latest/notes/\(noteID)?secret=q", #"{"label":"private"}"#,
            headers: [.authorization: "Bearer hush", .requestID: "r-1"])
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.contains(" hb.request.id=r-1 "))
        #expect(line.contains(" http.method=PATCH http.route=/v1/notes/{note_id} http.status=200"))
        #expect(line.contains(" http.bytes="))
        #expect(line.contains(" duration.ms="))
        for hidden in ["secret", "private", "hush", noteID] { #expect(!line.contains(hidden)) }
    }

    @Test func `failures and unknown paths have a line as well`() async throws {
        _ = try await server.get("/v1/fail/surprise")
        _ = try await server.get("/v1/wp-login.php")
        #expect(lines.count == 2)
        #expect(lines[0].contains("http.route=/v1/fail/{how} http.status=500"))
        #expect(lines[1].contains("http.route=unmatched http.status=404"))
    }

    @Test func `the line of a stream is written once, at its end`() async throws {
        #expect(try await server.get("/stream").body == "one two")
        #expect(lines.count == 1)
    }

    @Test func `an id from outside is kept when it is harmless`() async throws {
        #expect(
            try await server.get("/v1/notes/", headers: [.requestID: "a-B_1.2:3"]).headers[.requestID] == "a-B_1.2:3")
        for bad in ["", "a b", "a\"b", String(repeating: "x", count: 65), "é"] {
            let id = try await server.get("/v1/notes/", headers: [.requestID: bad]).headers[.requestID]
            #expect(id != bad)
            #expect(id?.isEmpty == false)
        }
    }

    @Test func `two requests have two ids`() async throws {
        let first = try await server.get("/v1/notes/").headers[.requestID]
        #expect(try await server.get("/v1/notes/").headers[.requestID] != first)
    }

    // MARK: Metrics

    @Test func `requests are counted and timed by route template`() async throws {
        _ = try await server.get("/v1/notes/\(noteID)")
        _ = try await server.get("/latest/notes/\(noteID)/")
        _ = try await server.get("/v1/notes/nope")
        _ = try await server.get("/v1/random/path")
        let verb = try #require(HTTPRequest.Method("BREW"))
        _ = try await server.send(verb, "/v1/notes/\(noteID)")
        let lines = server.metrics.exposition.split(separator: "\n")
        #expect(lines.contains("# TYPE http_requests_total counter"))
        #expect(lines.contains(#"http_requests_total{method="GET",route="/v1/notes/{note_id}",status="200"} 2"#))
        #expect(lines.contains(#"http_requests_total{method="GET",route="/v1/notes/{note_id}",status="422"} 1"#))
        #expect(lines.contains(#"http_requests_total{method="GET",route="unmatched",status="404"} 1"#))
        #expect(lines.contains(#"http_requests_total{method="other",route="unmatched",status="405"} 1"#))
        #expect(lines.contains("# TYPE http_request_seconds histogram"))
        #expect(lines.contains(#"http_request_seconds_count{route="/v1/notes/{note_id}"} 3"#))
        #expect(lines.contains(#"http_request_seconds_bucket{route="/v1/notes/{note_id}",le="+Inf"} 3"#))
        #expect(!server.metrics.exposition.contains("random"))
    }

    @Test func `histograms add up, gauges keep the last value`() {
        let metrics = PrometheusMetrics()
        let timer = metrics.makeTimer(label: "call.seconds", dimensions: [("model", "a\"b\\c\n")])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(400_000_000_000)
        metrics.makeMeter(label: "open", dimensions: []).set(3.5)
        metrics.makeMeter(label: "open", dimensions: []).decrement(by: 1)
        metrics.makeCounter(label: "tokens", dimensions: []).increment(by: 40)
        metrics.makeRecorder(label: "size", dimensions: [], aggregate: true).record(Int64(50))
        let lines = metrics.exposition.split(separator: "\n").map(String.init)
        let labels = #"model="a\"b\\c\n""#
        #expect(lines.contains(#"call_seconds_bucket{\#(labels),le="0.001"} 0"#))
        #expect(lines.contains(#"call_seconds_bucket{\#(labels),le="0.0025"} 1"#))
        #expect(lines.contains(#"call_seconds_bucket{\#(labels),le="300.0"} 1"#))
        #expect(lines.contains(#"call_seconds_bucket{\#(labels),le="+Inf"} 2"#))
        #expect(lines.contains("open 2.5"))
        #expect(lines.contains("tokens 40"))
        #expect(lines.contains(#"size_bucket{le="100.0"} 1"#))
    }

    @Test func `no more series are kept than allowed`() {
        let metrics = PrometheusMetrics(capacity: 2)
        for name in ["a", "b", "c", "a"] { metrics.makeCounter(label: name, dimensions: []).increment(by: 1) }
        #expect(metrics.exposition.contains("a 2\n"))
        #expect(!metrics.exposition.contains("c 1"))
        #expect(metrics.exposition.hasSuffix("metrics_series_dropped 1\n"))
    }
}
