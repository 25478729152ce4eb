import EventStreams
import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Spans: kept of each run, and sent to a collector.
@Suite(.timeLimit(.minutes(5))) struct TelemetryTests {
    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "b7ad6b7169203331"

    /// All spans that the collector got, once there is one with each of the names.
    private func spans(
        of collector: FakeOpenAI, until names: Set<String>
    ) async throws -> [JSONValue] {
        var spans: [JSONValue] = []
        for await _ in collector.arrivals {
            spans = collector.received.flatMap { request in
                request.body["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.array ?? []
            }
            if names.isSubset(of: Set(spans.compactMap { $0["name"]?.string })) { break }
        }
        return spans
    }

    private func attribute(_ name: String, of span: JSONValue?) -> JSONValue? {
        span?["attributes"]?.array?.first { $0["key"]?.string == name }?["value"]
    }

    @Test(arguments: Engines.scenarios)
    func `a turn is sent to a collector as one trace`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}")) { collector in
            let environment = [
                "OTEL_EXPORTER_OTLP_ENDPOINT": String(collector.baseURL.dropLast(3)), "OTEL_SERVICE_NAME": "agents",
                "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
            ]
            try await withServer(on: engine, { $0.environment = environment }) { server in
                let agent = try await server.newAgent("ann", ["include_base_tools": true])
                server.model.play(
                    .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]), .say("done"))
                let caller = TestCaller.v1.with("traceparent", "00-\(Self.traceID)-\(Self.parent)-01")
                try await server.send(.post, "/v1/agents/\(agent)/messages", ["input": "Hi."], as: caller).expect(200)
                let route = "POST /v1/agents/{agent_id}/messages"
                let all = try await spans(of: collector, until: [route, "invoke_agent ann"])
                let trace = all.filter { $0["traceId"]?.string == Self.traceID }
                func span(_ name: String) -> JSONValue? { trace.first { $0["name"]?.string == name } }
                let (request, turn) = (span(route), span("invoke_agent ann"))
                #expect(request?["parentSpanId"]?.string == Self.parent && request?["kind"]?.int == 2)
                #expect(turn?["parentSpanId"] == request?["spanId"])
                let steps = trace.filter { $0["name"]?.string == "agent_step" }
                #expect(steps.count == 2 && steps.allSatisfy { $0["parentSpanId"] == turn?["spanId"] })
                let (chat, tool) = (span("chat gpt-4o-mini"), span("execute_tool memory_insert"))
                #expect(chat?["kind"]?.int == 3 && tool?["parentSpanId"] == steps[0]["spanId"])
                #expect(attribute("gen_ai.usage.input_tokens", of: chat) == ["intValue": "10"])
                #expect(attribute("gen_ai.operation.name", of: tool) == ["stringValue": "execute_tool"])
                #expect(attribute("http.response.status_code", of: request) == ["intValue": "200"])
                let resource = collector.received[0].body["resourceSpans"]?[0]?["resource"]
                #expect(attribute("service.name", of: resource) == ["stringValue": "agents"])
                #expect(collector.received[0].header("x-key") == "a b")
                #expect(collector.received[0].path == "/v1/traces")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `no collector is in the way of a turn`(_ engine: TestEngine) async throws {
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"]
        try await withServer(on: engine, { $0.environment = environment }) { server in
            let agent = try await server.newAgent("ann")
            for header in ["00-x", "ff-\(Self.traceID)-\(Self.parent)-01", "00-\(Self.traceID)-0000000000000000-01"] {
                try await server.send(
                    .post, "/v1/agents/\(agent)/messages", ["input": "Hi."], as: .v1.with("traceparent", header)
                ).expect(200)
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failed model call is an error in the trace`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}")) { collector in
            try await withServer(
                on: engine, { $0.environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": String(collector.baseURL.dropLast(3))] }
            ) {
                server in
                let agent = try await server.newAgent("ann")
                server.model.play(.fail(.rateLimited, status: 429))
                try await server.send(.post, "/v1/agents/\(agent)/messages", ["input": "Hi."]).expect(429)
                let all = try await spans(of: collector, until: ["invoke_agent ann", "chat gpt-4o-mini"])
                let chat = all.first { $0["name"]?.string == "chat gpt-4o-mini" }
                #expect(chat?["status"]?["code"]?.int == 2)
                #expect(attribute("error.type", of: chat) == ["stringValue": "rateLimited"])
                let turn = all.first { $0["name"]?.string == "invoke_agent ann" }
                #expect(turn?["status"]?["code"]?.int == 2)
            }
        }
    }

    @Test func `trace contexts are read as W3C wants it`() {
        let valid = "00-\(Self.traceID)-\(Self.parent)-01"
        let context = TraceContext(traceparent: valid)
        #expect(context?.traceparent == valid && context?.isSampled == true)
        #expect(TraceContext(traceparent: "00-\(Self.traceID)-\(Self.parent)-00")?.isSampled == false)
        #expect(TraceContext(traceparent: "01-\(Self.traceID)-\(Self.parent)-01-later") != nil)
        let child = context?.child()
        #expect(child?.traceID == Self.traceID && child?.spanID != Self.parent && child?.spanID.utf8.count == 16)
        for invalid in [
            "", "00", "\(valid)-x", valid.uppercased(), "ff\(valid.dropFirst(2))",
            "00-\(Self.traceID)-\(Self.parent)-0",
            "00-\(String(repeating: "0", count: 32))-\(Self.parent)-01", "00-\(Self.traceID)x-\(Self.parent)-01",
        ] {
            #expect(TraceContext(traceparent: invalid) == nil, "\(invalid)")
        }
    }
}
