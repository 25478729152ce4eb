import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Conversations: threads of messages with one agent.
@Suite(.timeLimit(.minutes(2))) struct ConversationTests {
    private let messages = "/v1/conversations/{talk}/messages"

    private func withAgent(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent(
                "Ada", ["memory_blocks": [["label": "human", "value": "Ann"], ["label": "notes", "value": "shared"]]])
            try await body(server)
        }
    }

    @Test(arguments: Engines.all)
    func `a conversation is made, read, listed, changed and deleted`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            let other = try await server.addOrganization()
            let user: JSONValue = "user-00000000-0000-4000-8000-000000000000"
            try await server.run([
                .post("/v1/conversations/", [:], expect: 422).field("agent_id"),
                .post("/v1/conversations/?agent_id=agent-\(nobody)", [:], expect: 404),
                .post("/v1/conversations/?agent_id={agent}", [:], as: other, expect: 404),
                .post("/v1/conversations/?agent_id={agent}", expect: 200).keep("bare"),
                .post(
                    "/v1/conversations/?agent_id={agent}",
                    [
                        "summary": "About Tea", "model": "openai-proxy/gpt-4.1",
                        "model_settings": ["provider_type": "openai", "temperature": 0.25],
                    ], expect: 200
                ).keep("tea"),
                .post("/v1/conversations/?agent_id={agent}", ["model": "openai-proxy/none"], expect: 404),
                .post("/v1/conversations/?agent_id={agent}", ["isolated_block_labels": ["zz"]], expect: 400)
                    .note("no such label"),
            ])
            let stored = try await server.get("/v1/conversations/{tea}")
            try await server.restart()
            #expect(try await server.get("/v1/conversations/?limit=1")[header: "Link"]?.contains("after=") == true)
            try await server.run([
                .get("/v1/conversations/{tea}", expect: 200, stored.json),
                .get(
                    "/v1/conversations/{tea}", expect: 200,
                    [
                        "agent_id": "{agent}", "summary": "About Tea", "model": "openai-proxy/gpt-4.1",
                        "model_settings": ["temperature": 0.25], "isolated_block_ids": [], "last_message_at": nil,
                        "in_context_message_ids": .elements(1), "created_by_id": user, "last_updated_by_id": user,
                    ]),
                .get("/v1/conversations/conv-\(nobody)", expect: 404),
                .get("/v1/conversations/default", expect: 422),
                .get("/v1/conversations/{tea}", as: other, expect: 404),
                .get("/v1/conversations/", as: other, expect: 200, []),
                .get("/v1/conversations/", expect: 200, [["id": "{tea}"], ["id": "{bare}"]]),
                .get("/v1/conversations/?agent_id={agent}&order=asc&limit=1", expect: 200, [["id": "{bare}"]]),
                .get("/v1/conversations/?after={tea}", expect: 200, [["id": "{bare}"]]),
                .get("/v1/conversations/?agent_id=agent-\(nobody)", expect: 200, []),
                .get("/v1/conversations/?summary_search=tea", expect: 200, [["id": "{tea}"]]),
                .patch(
                    "/v1/conversations/{bare}", ["summary": "s", "last_message_at": "2026-01-02T03:04:05Z"],
                    expect: 200, ["summary": "s", "last_message_at": "2026-01-02T03:04:05.000000Z"]),
                .patch("/v1/conversations/{tea}", ["model_settings": nil], expect: 200, ["model_settings": nil]),
                .patch("/v1/conversations/{tea}", ["model": "openai-proxy/none"], expect: 404),
                .patch("/v1/conversations/conv-\(nobody)", [:], expect: 404),
            ])
            for order in ["asc", "desc"] {
                try await server.run([
                    .get(
                        "/v1/conversations/?order_by=last_message_at&order=\(order)", expect: 200,
                        [["id": "{bare}"], ["id": "{tea}"]]
                    ).note("those without a value come last"),
                    .get(
                        "/v1/conversations/?order_by=last_message_at&order=\(order)&after={bare}", expect: 200,
                        [["id": "{tea}"]]),
                ])
            }
            try await server.run([
                .delete("/v1/conversations/{bare}", expect: 200, nil),
                .delete("/v1/conversations/{bare}", expect: 404),
                .get("/v1/conversations/{bare}", expect: 404),
                .get("/v1/conversations/?order_by=last_message_at&after={bare}", expect: 200, [["id": "{tea}"]])
                    .note("a deleted conversation keeps its place"),
                .delete("/v1/agents/{agent}", expect: 200),
                .get("/v1/conversations/{tea}", expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `isolated blocks are copies`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            let answer = try await server.send(
                .post, "/v1/conversations/?agent_id={agent}", ["isolated_block_labels": ["notes"]]
            ).expect(200)
            server["talk"] = answer.id
            server["copy"] = try #require(answer.json["isolated_block_ids"]?[0]?.string)
            let agentText = try await server.systemMessage(of: server["agent"])
            #expect(try await text(server).contains("- CONVERSATION_ID: \(server["talk"])"))
            #expect(try await text(server).contains("- 1 previous messages"))
            try await server.run([
                .get("/v1/blocks/{copy}", expect: 200, ["label": "notes", "value": "shared"]),
                .patch("/v1/blocks/{copy}", ["value": "only here"], expect: 200),
                .get("/v1/agents/{agent}/core-memory/blocks/notes", expect: 200, ["value": "shared"]),
            ])
            #expect(try await server.systemMessage(of: server["agent"]) == agentText)
            #expect(try await text(server).contains("only here"))
            try await server.run([
                .patch("/v1/agents/{agent}/core-memory/blocks/human", ["value": "Anna"], expect: 200),
                .patch("/v1/agents/{agent}/core-memory/blocks/notes", ["value": "for others"], expect: 200),
            ])
            try await server.restart()
            for part in ["Anna", "only here"] { #expect(try await text(server).contains(part)) }
            #expect(try await !text(server).contains("for others"))
            try await server.send(.patch, "/v1/agents/{agent}", ["system": "Be brief."]).expect(200)
            #expect(try await text(server).hasPrefix("Be brief."), "the prompt is the agent's")
            server["fork"] = try await server.send(.post, "/v1/conversations/{talk}/fork").expect(200).id
            let fork = try await server.get("/v1/conversations/{fork}")
            let copy = try #require(fork.json["isolated_block_ids"]?[0]?.string)
            #expect(copy != server["copy"])
            try await server.run([
                .get("/v1/blocks/\(copy)", expect: 200, ["value": "only here"]),
                .delete("/v1/conversations/{talk}", expect: 200),
                .get("/v1/blocks/{copy}", expect: 404),
                .get("/v1/blocks/\(copy)", expect: 200),
                .delete("/v1/agents/{agent}", expect: 200),
                .get("/v1/blocks/\(copy)", expect: 404).note("it belonged to the conversation alone"),
            ])
        }
    }

    /// The text of the conversation's system message.
    private func text(_ server: TestServer) async throws -> String {
        let answer = try await server.get("\(messages)?order=asc&limit=1")
        return try #require(answer.json[0]?["content"]?.string, "\(answer.text)")
    }

    @Test(arguments: Engines.scenarios)
    func `a fork shares messages and has its own system message`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            for text in ["One", "Two"] { try await server.say(text, to: server["agent"]).expect(200) }
            let own = try await server.get("/v1/agents/{agent}/messages").json
            let context = try #require(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array)
            let fork = try await server.send(.post, "/v1/conversations/default/fork?agent_id={agent}").expect(200)
            server["talk"] = fork.id
            let ids = try #require(fork.json["in_context_message_ids"]?.array)
            #expect(ids.dropFirst() == context.dropFirst() && ids[0] != context[0])
            let all = try await server.get("\(messages)?order=asc")
            #expect(all.json.array?.dropFirst() == own.array?.dropFirst())
            #expect(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array == context)
            #expect(try await server.get("/v1/agents/{agent}/messages?conversation_id=default").json == own)
            let newest = try await server.get(messages)
            #expect(newest.json.array == all.json.array?.reversed(), "newest first")
            try await server.run([
                .get("/v1/agents/{agent}/messages?conversation_id={talk}", expect: 200, [["id": ids[0]]]),
                .get("/v1/messages/?conversation_id={talk}", expect: 200, [["id": ids[0]]]),
                .get("/v1/conversations/default/messages?agent_id={agent}", expect: 200, own),
                .get("/v1/conversations/{agent}/messages", expect: 200, own),
                .get("/v1/conversations/default/messages", expect: 404),
                .get("/v1/conversations/zzz/messages", expect: 422).field("conversation_id"),
                .get("/v1/conversations/conv-\(nobody)/messages", expect: 404),
                .get("/v1/conversations/agent-\(nobody)/messages", expect: 404),
                .get("\(messages)?include_return_message_types=system_message", expect: 200, .elements(1)),
                .get("\(messages)?limit=0", expect: 200, []),
                .get("\(messages)?after=message-\(nobody)&limit=100", expect: 200, newest.json),
                .post("/v1/conversations/default/fork", expect: 404),
                .post("/v1/conversations/agent-\(nobody)/fork", expect: 404),
                .patch("/v1/agents/{agent}", ["message_ids": [ids[0]]], expect: 422).field("message_ids"),
            ])
            var pages: [JSONValue] = []
            var next: String? = "\(messages)?limit=1"
            while let path = next {
                let page = try await server.get(path)
                pages += page.json.array ?? []
                next = page[header: "Link"].flatMap { $0.split(separator: ">").first.map { String($0.dropFirst()) } }
            }
            #expect(pages == newest.json.array)
            server["second"] = try await server.send(.post, "/v1/conversations/{talk}/fork").expect(200).id
            try await server.run([
                .delete("/v1/conversations/{talk}", expect: 200),
                .get("/v1/agents/{agent}/messages?conversation_id={talk}", expect: 200, [])
                    .note("its system message goes with it"),
                .get("/v1/conversations/{second}/messages", expect: 200, .elements(pages.count)),
            ])
            #expect(try await server.get("/v1/agents/{agent}/messages?conversation_id=default").json == own)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a fork ends with the message that is named`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            for text in ["One", "Two"] { try await server.say(text, to: server["agent"]).expect(200) }
            let context = try #require(try await server.get("/v1/agents/{agent}").json["message_ids"]?.array)
            server["two"] = try #require(context[2].string)
            let own = "/v1/conversations/default/fork?agent_id={agent}"
            server["talk"] = try await server.send(.post, "\(own)&message_id={two}").expect(200).id
            #expect(try await shared(by: "talk", server) == Array(context[1...2]))
            server["one"] = try #require(context[1].string)
            server["second"] = try await server.send(.post, "/v1/conversations/{talk}/fork?message_id={one}").expect(
                200
            ).id
            try await server.restart()
            #expect(try await shared(by: "second", server) == [context[1]])
            server["last"] = try #require(context[3].string)
            try await server.run([
                .post("/v1/conversations/{talk}/fork?message_id={last}", expect: 404).note("it is not in this context"),
                .post("\(own)&message_id=message-\(nobody)", expect: 404),
                .post("\(own)&message_id=zzz", expect: 404),
                .get("/v1/conversations/?agent_id={agent}", expect: 200, .elements(2)),
            ])
        }
    }

    private func shared(by conversation: String, _ server: TestServer) async throws -> [JSONValue] {
        let json = try await server.get("/v1/conversations/{\(conversation)}").json
        return Array(try #require(json["in_context_message_ids"]?.array).dropFirst())
    }

    @Test(arguments: Engines.all)
    func `the last conversation that shares a message takes it with it`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            try await server.say("One", to: server["agent"]).expect(200)
            let own = try await server.get("/v1/agents/{agent}/messages").json
            server["talk"] = try await server.send(.post, "/v1/conversations/{agent}/fork").expect(200).id
            let (talk, sent) = (server["talk"], "message-\(nobody)")
            // A message that was sent in the conversation.
            try await server.storage.write { db in
                try db.execute(
                    """
                    INSERT INTO message (
                        organization_id, id, agent_id, conversation_id, position, role, content, said, is_error,
                        created_at, updated_at)
                    SELECT organization_id, \(sent), agent_id, \(talk), 1000, role, content, said, FALSE, created_at, updated_at
                    FROM message WHERE id = (SELECT MIN(id) FROM message WHERE role = 'user')
                    """)
                try db.execute(
                    """
                    INSERT INTO conversation_message (
                        organization_id, conversation_id, position, message_id, context_position)
                    SELECT organization_id, conversation_id, position, id, position FROM message WHERE id = \(sent)
                    """)
            }
            for name in ["second", "third"] {
                server[name] = try await server.send(.post, "/v1/conversations/{talk}/fork").expect(200).id
            }
            for (conversation, left) in [("talk", true), ("third", true), ("second", false)] {
                try await server.run([.delete("/v1/conversations/{\(conversation)}", expect: 200)])
                let count: Int? = try await server.storage.read { db in
                    try db.value("SELECT COUNT(*) FROM message WHERE id = \(sent)")
                }
                #expect(count == (left ? 1 : 0), "after \(conversation)")
            }
            #expect(try await server.get("/v1/agents/{agent}/messages").json == own, "the agent keeps its own")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `recompiling, previewing, cancelling`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            server["talk"] = try await server.send(
                .post, "/v1/conversations/?agent_id={agent}",
                [
                    "isolated_block_labels": ["notes"], "model": "openai-proxy/gpt-4.1",
                    "model_settings": ["temperature": 0.25],
                ]
            ).expect(200).id
            let before = try await text(server)
            let dry = try await server.send(.post, "/v1/conversations/{talk}/recompile?dry_run=true").expect(200)
            #expect(dry.json.string?.contains("CONVERSATION_ID: \(server["talk"])") == true)
            #expect(try await text(server) == before)
            let stored = try await server.send(.post, "/v1/conversations/{talk}/recompile").expect(200)
            try await server.restart()
            #expect(try await text(server) == stored.json.string)
            let payload = try await server.send(
                .post, "\(messages)/preview-raw-payload", ["messages": [["role": "user", "content": "Hi."]]]
            ).expect(200).json
            #expect(payload["model"] == "gpt-4.1" && payload["temperature"] == 0.25)
            #expect(payload["messages"]?[0]?["content"] == stored.json)
            #expect(payload["messages"]?.array?.count == 2)
            let body: JSONValue = ["input": "Hi.", "agent_id": "{agent}"]
            try await server.run([
                .post("/v1/conversations/default/messages/preview-raw-payload", body, expect: 200)
                    .note("the agent's own"),
                .post("/v1/conversations/default/messages/preview-raw-payload", ["input": "Hi."], expect: 404),
                .get(
                    "/v1/agents/{agent}/context?conversation_id={talk}", expect: 200,
                    ["num_messages": 1, "messages": [["conversation_id": "{talk}"]]]),
                .get("/v1/agents/{agent}/context?conversation_id=conv-\(nobody)", expect: 404),
                .post("/v1/conversations/default/recompile", ["agent_id": "{agent}"], expect: 200),
                .post("/v1/conversations/{agent}/recompile?dry_run=true", expect: 200),
                .post("/v1/conversations/default/recompile", expect: 404),
                .post("/v1/conversations/conv-\(nobody)/recompile", expect: 404),
                .post(
                    "/v1/conversations/{talk}/cancel", [:], expect: 409,
                    ["detail": "CONFLICT: No active runs to cancel for conversation {talk}"]),
                .post("/v1/conversations/default/cancel?agent_id={agent}", expect: 409),
                .post("/v1/conversations/conv-\(nobody)/cancel", expect: 404),
                .post("/v1/conversations/{talk}/compact", expect: 200, ["summary": ""]),
            ])
        }
    }
}
