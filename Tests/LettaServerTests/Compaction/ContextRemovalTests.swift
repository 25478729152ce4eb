import JSON
import LettaAPI
import TestSupport
import Testing

/// Single messages are taken out of a context.
@Suite(.timeLimit(.minutes(5))) struct ContextRemovalTests {
    private static let context = "/v1/agents/{agent}/context/messages"

    private func withTalk(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("poisoned"))
            try await server.say("First", to: server["agent"]).expect(200)
            _ = server.model.takeRequests()
            let entries = try #require(try await server.get("/v1/agents/{agent}/messages?order=asc").json.array)
            for (name, type) in [
                ("system", "system_message"), ("user", "user_message"), ("call", "tool_call_message"),
                ("result", "tool_return_message"), ("answer", "assistant_message"),
            ] {
                server[name] = try #require(
                    entries.first { $0["message_type"]?.string == type }?["id"]?.string, "\(type)")
            }
            try await body(server)
        }
    }

    @Test(arguments: Engines.all)
    func `a message leaves the context and stays in the list`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            let other = try await server.addOrganization()
            try await server.run([
                .delete("\(Self.context)/{answer}", as: other, expect: 404),
                .delete("\(Self.context)/{system}", expect: 400),
                .delete("\(Self.context)/message-\(nobody)", expect: 404),
                .delete("/v1/agents/agent-\(nobody)/context/messages/{answer}", expect: 404),
                .delete("\(Self.context)/{answer}?conversation_id=conv-\(nobody)", expect: 404),
                .delete("\(Self.context)/{answer}", expect: 200, ["message_ids": ["{answer}"]]),
                .delete("\(Self.context)/{answer}", expect: 404),
            ])
            try await server.restart()
            #expect(try await server.said(by: server["agent"]).contains("assistant_message: poisoned"))
            #expect(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array?.count == 4)
            try await server.say("Second", to: server["agent"]).expect(200)
            let told = try #require(server.model.takeRequests().first).messages
            #expect(told.contains { $0.contains("First") } && !told.contains { $0.contains("poisoned") })
        }
    }

    @Test(arguments: ["call", "result"], Engines.scenarios)
    func `a call goes with its result`(_ named: String, _ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            // Another call of the same id.
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "kept"]), .say("two"))
            try await server.say("Between", to: server["agent"]).expect(200)
            _ = server.model.takeRequests()
            try await server.run([
                .delete("\(Self.context)/{\(named)}", expect: 200, ["message_ids": ["{call}", "{result}"]])
            ])
            try await server.say("Second", to: server["agent"]).expect(200)
            let told = try #require(server.model.takeRequests().first).messages
            #expect(told.count { $0.contains("memory_insert{") } == 1 && told.contains { $0.contains("poisoned") })
        }
    }

    @Test(arguments: Engines.scenarios)
    func `of a conversation, and not of the agent's own`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            server["talk"] = try await server.send(
                .post, "/v1/conversations/default/fork?agent_id=\(server["agent"])"
            ).expect(200).id
            server["stranger"] = try await server.newAgent("Bob")
            try await server.run([
                .delete(
                    "/v1/agents/{stranger}/context/messages/{answer}?conversation_id={talk}", expect: 404),
                .delete(
                    "\(Self.context)/{answer}?conversation_id={talk}", expect: 200, ["message_ids": ["{answer}"]]),
            ])
            try await server.restart()
            #expect(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array?.count == 5)
            let fork = try await server.get("/v1/conversations/{talk}").json["in_context_message_ids"]
            #expect(fork?.array?.count == 4)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a request that waits for an approval is dropped`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            try await server.send(
                .patch, "/v1/agents/{agent}/tools/approval/memory_insert", ["requires_approval": true]
            ).expect(200)
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "y"]))
            try await server.say("Second", to: server["agent"]).expect(200)
            let waiting = try await server.get("/v1/approvals/").json
            server["request"] = try #require(waiting[0]?["message_id"]?.string)
            try await server.run([
                .delete("\(Self.context)/{request}", expect: 200, ["message_ids": ["{request}"]]),
                .get("/v1/approvals/", expect: 200, []),
            ])
            try await server.say("Third", to: server["agent"]).expect(200)
        }
    }
}
