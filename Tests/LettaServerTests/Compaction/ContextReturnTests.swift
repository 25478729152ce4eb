import JSON
import LettaAPI
import TestSupport
import Testing

/// Messages that left a context are put back into it.
@Suite(.timeLimit(.minutes(5))) struct ContextReturnTests {
    private static let context = "/v1/agents/{agent}/context/messages"

    /// An agent with two turns: a call with its result and an answer, then another answer.
    private func withTalk(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("the first answer"))
            try await server.say("First", to: server["agent"]).expect(200)
            server.model.play(.say("the second answer"))
            try await server.say("Second", to: server["agent"]).expect(200)
            _ = server.model.takeRequests()
            let ids = try await Self.ids(server)
            for (name, id) in zip(["system", "user", "call", "result", "answer", "user 2", "answer 2"], ids) {
                server[name] = id
            }
            try await body(server)
        }
    }

    private static func ids(_ server: TestServer, of path: String = "/v1/agents/{agent}") async throws -> [String] {
        let answer = try await server.get(path).json
        let list = try #require((answer["message_ids"] ?? answer["in_context_message_ids"])?.array)
        return list.compactMap(\.string)
    }

    @Test(arguments: Engines.all)
    func `a message comes back where it stood`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            let other = try await server.addOrganization()
            let before = try await Self.ids(server)
            try await server.run([
                .put("\(Self.context)/{answer}", expect: 200, ["message_ids": []]),
                .delete("\(Self.context)/{answer}", expect: 200),
                .put("\(Self.context)/{answer}", as: other, expect: 404),
                .put("\(Self.context)/message-\(nobody)", expect: 404),
                .put("/v1/agents/agent-\(nobody)/context/messages/{answer}", expect: 404),
                .put("\(Self.context)/{answer}?conversation_id=conv-\(nobody)", expect: 404),
                .put("\(Self.context)/{system}", expect: 400),
            ])
            try await server.restart()
            #expect(try await Self.ids(server) == before.filter { $0 != server["answer"] })
            try await server.run([.put("\(Self.context)/{answer}", expect: 200, ["message_ids": ["{answer}"]])])
            try await server.restart()
            #expect(try await Self.ids(server) == before)
            try await server.say("Third", to: server["agent"]).expect(200)
            let told = try #require(server.model.takeRequests().first).messages
            let answers = told.filter { $0.contains("answer") }
            #expect(answers.count == 2 && answers.first?.contains("the first answer") == true)
        }
    }

    @Test(arguments: ["call", "result"], Engines.scenarios)
    func `a call comes with its result`(_ named: String, _ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            let before = try await Self.ids(server)
            try await server.run([
                .delete("\(Self.context)/{call}", expect: 200),
                .put("\(Self.context)/{\(named)}", expect: 200, ["message_ids": ["{call}", "{result}"]]),
            ])
            #expect(try await Self.ids(server) == before)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `into a context that a client has ordered`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            // The context is numbered anew: between its messages there is no room.
            try await server.send(
                .patch, "/v1/agents/{agent}", ["message_ids": ["{system}", "{user}", "{user 2}", "{answer 2}"]]
            ).expect(200)
            try await server.run([.put("\(Self.context)/{answer}", expect: 200, ["message_ids": ["{answer}"]])])
            let names = ["system", "user", "answer", "user 2", "answer 2"]
            #expect(try await Self.ids(server) == names.map { server[$0] })
            server.model.play(.say("the third answer"))
            try await server.say("Third", to: server["agent"]).expect(200)
            #expect(try await Self.ids(server).dropLast(2) == names.map { server[$0] }[...])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what was compacted stands before its summary`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            let before = try await Self.ids(server)
            server.model.play(.say("a summary"))
            try await server.send(.post, "/v1/agents/{agent}/summarize", [:]).expect(200)
            let compacted = try await Self.ids(server)
            let gone = before.filter { !compacted.contains($0) }
            server["gone"] = try #require(gone.last)
            try await server.send(.put, "\(Self.context)/{gone}").expect(200)
            let after = try await Self.ids(server)
            let summary = try #require(compacted.first { !before.contains($0) })
            let place = try #require(after.firstIndex(of: server["gone"]))
            #expect(try place < #require(after.firstIndex(of: summary)) && after.first == server["system"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `into a conversation, and not into the agent's own`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server in
            server["talk"] = try await server.send(
                .post, "/v1/conversations/default/fork?agent_id=\(server["agent"])"
            ).expect(200).id
            let before = try await Self.ids(server, of: "/v1/conversations/{talk}")
            server["stranger"] = try await server.newAgent("Bob")
            try await server.run([
                .delete("\(Self.context)/{answer}?conversation_id={talk}", expect: 200),
                .delete("\(Self.context)/{answer}", expect: 200),
                .put("/v1/agents/{stranger}/context/messages/{answer}?conversation_id={talk}", expect: 404),
                .put(
                    "\(Self.context)/{answer}?conversation_id={talk}", expect: 200, ["message_ids": ["{answer}"]]),
            ])
            try await server.restart()
            #expect(try await Self.ids(server, of: "/v1/conversations/{talk}") == before)
            #expect(try await !Self.ids(server).contains(server["answer"]))
        }
    }

    private func withRequest(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withTalk(on: engine) { server in
            try await server.send(
                .patch, "/v1/agents/{agent}/tools/approval/memory_insert", ["requires_approval": true]
            ).expect(200)
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "y"], id: "asked"))
            try await server.say("Third", to: server["agent"]).expect(200)
            server["request"] = try #require(try await server.get("/v1/approvals/").json[0]?["message_id"]?.string)
            try await body(server)
        }
    }

    @Test(arguments: Engines.all)
    func `a request for an approval waits again`(_ engine: TestEngine) async throws {
        try await withRequest(on: engine) { server in
            try await server.run([
                .delete("\(Self.context)/{request}", expect: 200),
                .get("/v1/approvals/", expect: 200, []),
                .put("\(Self.context)/{request}", expect: 200, ["message_ids": ["{request}"]]),
                .put("\(Self.context)/{request}", expect: 200, ["message_ids": []]),
                .get("/v1/approvals/", expect: 200, [["message_id": "{request}"]]),
            ])
            try await server.restart()
            server.model.play(.say("done"))
            try await server.run([
                .post("/v1/agents/{agent}/messages", ["input": "Wait"], expect: 409),
                .post(
                    "/v1/agents/{agent}/messages",
                    [
                        "messages": [
                            ["type": "approval", "approvals": [["tool_call_id": "asked", "approve": true]]]
                        ]
                    ], expect: 200),
                .get("/v1/approvals/", expect: 200, []),
            ])
            let block = try await server.get("/v1/agents/{agent}/core-memory/blocks/human").json["value"]?.string
            #expect(block?.hasSuffix("y") == true, "\(block ?? "")")
        }
    }

    @Test(arguments: Engines.all)
    func `a fork that shares the request waits by itself`(_ engine: TestEngine) async throws {
        try await withRequest(on: engine) { server in
            let fork = try await server.send(.post, "/v1/conversations/default/fork?agent_id={agent}").expect(200).id
            server["fork"] = fork
            try await server.run([
                .delete("\(Self.context)/{request}?conversation_id={fork}", expect: 200),
                .put(
                    "\(Self.context)/{request}?conversation_id={fork}", expect: 200, ["message_ids": ["{request}"]]),
            ])
            let waiting = try await server.get("/v1/approvals/").json.array ?? []
            #expect(waiting.map { $0["message_id"]?.string } == [server["request"], server["request"]])
            #expect(Set(waiting.map { $0["conversation_id"]?.string }) == [nil, fork])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a call without a result stays out once the talk went on`(_ engine: TestEngine) async throws {
        try await withRequest(on: engine) { server in
            try await server.run([.delete("\(Self.context)/{request}", expect: 200)])
            server.model.play(.say("on"))
            try await server.say("Fourth", to: server["agent"]).expect(200)
            try await server.run([
                .put("\(Self.context)/{request}", expect: 409),
                .get("/v1/approvals/", expect: 200, []),
            ])
            try await server.say("Fifth", to: server["agent"]).expect(200)
        }
    }
}
