import JSON
import LettaAPI
import TestSupport
import Testing

/// Approvals in streams and in background runs.
@Suite(.timeLimit(.minutes(2))) struct ApprovalStreamTests {
    private static let insert: JSONValue = ["label": "human", "new_string": "x"]
    private static let approved: JSONValue = ["type": "approval", "tool_call_id": "call_7", "approve": true]

    private static let modes: [JSONObject] = [
        [:], ["stream_tokens": true], ["background": true], ["background": true, "stream_tokens": true],
    ]

    private func waiting(_ server: TestServer, _ mode: JSONObject = [:]) async throws -> (String, [StreamedEvent]) {
        let agent = try await server.newAgent()
        try await server.requireApproval(agent)
        server.model.play(.call("memory_insert", Self.insert, id: "call_7"), .say("done"))
        return (agent, try await server.stream("one", to: agent, mode))
    }

    private func types(_ events: [StreamedEvent]) -> [String] { events.map(\.type).filter { $0 != "ping" } }

    @Test(arguments: Engines.scenarios, modes)
    func `a stream ends at the request and another one goes on`(_ engine: TestEngine, _ mode: JSONObject) async throws {
        try await withServer(on: engine) { server in
            let (agent, events) = try await waiting(server, mode)
            let isByToken = mode["stream_tokens"] == true
            let requests = types(events).count { $0 == "approval_request_message" }
            #expect(isByToken ? requests > 1 : requests == 1, "\(events)")
            #expect(types(events).suffix(3) == ["stop_reason", "usage_statistics", "[DONE]"], "\(events)")
            #expect(events.contains { $0.json["stop_reason"] == "requires_approval" })
            let request = try #require(events.first { $0.type == "approval_request_message" })
            #expect(request.json["otid"] == request.json["id"] && request.json["tool_call"]?["name"] == "memory_insert")
            let answer = try await server.decide([Self.approved], agent, mode, path: "messages/stream").expect(200)
            let shown = StreamedEvent.all(in: answer.text)
            #expect(
                types(shown) == [
                    "tool_return_message", "assistant_message", "stop_reason", "usage_statistics", "[DONE]",
                ], "\(shown)")
            let result = shown.first { $0.type == "tool_return_message" }
            #expect(result?.json["step_id"] == request.json["step_id"])
            #expect(result?.json["run_id"] != request.json["run_id"])
            // Repeated, it shows the same.
            let again = try await server.decide([Self.approved], agent, mode, path: "messages/stream").expect(200)
            #expect(types(StreamedEvent.all(in: again.text)) == types(shown), "\(again.text)")
        }
    }

    @Test(arguments: Engines.scenarios, modes)
    func `a message to a waiting agent is an error in the stream`(_ engine: TestEngine, _ mode: JSONObject) async throws
    {
        try await withServer(on: engine) { server in
            let (agent, _) = try await waiting(server)
            let events = try await server.stream("two", to: agent, mode)
            #expect(types(events) == ["stop_reason", "error_message", "[DONE]"], "\(events)")
            #expect(events.contains { $0.json["stop_reason"] == "error" })
            let error = try #require(events.first { $0.type == "error_message" })
            #expect(error.name == "error" && error.json["error_type"] == "internal_error")
            #expect(error.json["message"]?.string?.hasPrefix("CONFLICT: Cannot send a new message") == true)
            // It changes nothing.
            try await server.decide([Self.approved], agent).expect(200, ["messages": [[:], ["content": "done"]]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a run in the background takes an answer`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let (agent, _) = try await waiting(server)
            let refused = try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "two"]).expect(
                200)
            #expect(types(try await server.follow(refused.id)) == ["stop_reason", "error_message", "[DONE]"])
            let failed = try await server.get("/v1/runs/\(refused.id)").expect(200, ["status": "failed"])
            #expect(failed.json["metadata"]?["error"]?.string?.contains("waiting for approval") == true)
            let run = try await server.decide([Self.approved], agent, path: "messages/async").expect(200)
            let events = try await server.follow(run.id)
            #expect(types(events).prefix(2) == ["tool_return_message", "assistant_message"], "\(events)")
            try await server.get("/v1/runs/\(run.id)").expect(200, ["status": "completed", "stop_reason": "end_turn"])
            let messages = try await server.get("/v1/runs/\(run.id)/messages?order=asc").json.array ?? []
            #expect(
                messages.map { $0["message_type"]?.string } == [
                    "approval_response_message", "tool_return_message", "assistant_message",
                ])
        }
    }
}
