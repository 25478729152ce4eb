import AgentEngine
import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Messages are found by the stems of their words, by what is said next to them, and by when it was said.
@Suite(.timeLimit(.minutes(5))) struct MessageSearchTests {
    private static let scope = Scope(
        organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)

    /// Stores a conversation: user and agent in turns, a day apart, the last one on 20 November 2026 at 20:00 UTC.
    private func tell(_ texts: [String], to agent: String, on server: TestServer) async throws {
        let id: ID<AgentState> = ID(agent)
        try await server.storage.write(as: Self.scope) { db in
            guard var row = try AgentStore.rowForUpdate(id, db) else { return }
            let last = Timestamp(iso8601: "2026-11-20T20:00:00Z")?.microseconds ?? 0
            let rows = texts.enumerated().map { index, text in
                MessageRow(
                    TurnMessage(
                        id: IDSource.random.next(Message.self).rawValue,
                        role: index.isMultiple(of: 2) ? .user : .assistant,
                        parts: [.text(text)],
                        createdAt: last - Int64(texts.count - 1 - index) * 86_400_000_000),
                    agentID: id, position: row.nextMessagePosition + index, model: nil)
            }
            row.nextMessagePosition += rows.count
            try AgentStore.update(row, db)
            try MessageStore.insert(rows, db)
        }
    }

    private func found(_ query: String, by agent: String, _ more: JSONObject = [:], on server: TestServer) async throws
        -> [String]
    {
        var body: JSONObject = ["query": .string(query), "agent_id": .string(agent)]
        for (name, value) in more { body[name] = value }
        let answer = try await server.send(.post, "/v1/messages/search", .object(body)).expect(200)
        return (answer.json.array ?? []).compactMap { $0["content"]?.string }
    }

    private static let talk = [
        "My sister Noor is moving to Utrecht", "How exciting! When?", "In May, she guaranteed it",
        "I'll remember that", "Do you know a good cake?", "Try one with plums", "我喜欢苹果", "Noted.",
        "I live in Lisbon with my cats", "Lovely", "We moved: I live in Porto now", "Congratulations",
    ]

    @Test(arguments: Engines.all) func `words are found in any order and form`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await tell(Self.talk, to: agent, on: server)
            for (query, first) in [
                ("Noor Utrecht", Self.talk[0]), ("utrecht NOOR", Self.talk[0]), ("guarantee", Self.talk[2]),
                ("move", Self.talk[10]), ("cat", Self.talk[8]), ("plum cakes", Self.talk[5]), ("苹果", Self.talk[6]),
                ("where do I live?", Self.talk[10]), ("Which town does my sister Noor move to?", Self.talk[0]),
                ("Utrehct", Self.talk[0]), ("guarranteed", Self.talk[2]), ("trecht", Self.talk[0]), ("?!", ""),
                ("Zanzibar", ""), ("果喜", ""),
            ] {
                #expect(try await found(query, by: agent, on: server).first ?? "" == first, "\(query)")
            }
            #expect(
                try await found("live", by: agent, on: server) == [Self.talk[10], Self.talk[8]],
                "what was said last comes first")
            #expect(try await found("Noor", by: agent, on: server) == [Self.talk[0]], "one word: those that have it")
            #expect(
                try await found("Noor Utrecht", by: agent, on: server).contains("How exciting! When?"),
                "what was said next to both")
        }
    }

    @Test(arguments: Engines.all) func `filters come before the ranking`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let (agent, other) = (try await server.newAgent(), try await server.newAgent())
            try await tell(Self.talk, to: agent, on: server)
            try await tell(["plums plums plums", "plums"], to: other, on: server)
            #expect(try await found("plums", by: agent, on: server) == [Self.talk[5]])
            #expect(try await found("plums", by: other, ["roles": ["assistant"]], on: server) == ["plums"])
            #expect(try await found("plums", by: other, ["limit": 1], on: server).count == 1)
            #expect(try await found("plums", by: other, ["conversation_id": "default"], on: server).count == 2)
            #expect(try await found("plums", by: other, ["conversation_id": "conv-x"], on: server) == [])
            #expect(try await found("plums", by: other, ["project_id": "project-x"], on: server) == [])
            #expect(try await found("plums", by: other, ["template_id": "x"], on: server) == [])
            #expect(try await found("plums", by: "agent-\"x y\"", on: server) == [])
            #expect(try await found("live", by: agent, ["end_date": "2026-11-17"], on: server) == [Self.talk[8]])
            #expect(try await found("live", by: agent, ["start_date": "2026-11-18"], on: server) == [Self.talk[10]])
            for mode in ["vector", "fts", "hybrid"] {
                #expect(try await found("plums", by: agent, ["search_mode": .string(mode)], on: server).count == 1)
            }
            let path = "/v1/messages/search"
            try await server.run([
                .post(path, ["query": "plums", "search_mode": "x"], expect: 422).field("search_mode"),
                .post("/v1/tools/search", ["query": "plums", "search_mode": "x"], expect: 422).field("search_mode"),
                .post(path, ["query": "plums"], expect: 200, .elements(3)),
            ])
            let stranger = try await server.addOrganization()
            try await server.run([.post(path, ["query": "plums"], as: stranger, expect: 200, [])])
            try await server.send(.delete, "/v1/agents/\(other)").expect(200)
            try await server.run([.post(path, ["query": "plums"], expect: 200, .elements(1))])
            let words = try await server.storage.read { db in
                try db.row("SELECT COUNT(*) AS count FROM message_words")
            }
            let said = try await server.storage.read { db in
                try db.row("SELECT COUNT(*) AS count FROM message WHERE said IS NOT NULL")
            }
            #expect(try words?["count"] as Int? == said?["count"] as Int?, "words go with their messages")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a day that the question names is the agent's day`(_ engine: TestEngine) async throws {
        try await withServer(
            on: engine, { $0.now = { Timestamp(iso8601: "2026-11-21T12:00:00Z") ?? Timestamp(microseconds: 0) } }
        ) { server in
            let agent = try await server.newAgent()
            try await server.send(.patch, "/v1/agents/\(agent)", ["timezone": "Asia/Kolkata"]).expect(200)
            try await tell(["plums one", "plums two", "plums three"], to: agent, on: server)
            // 20:00 UTC on the 19th is the 20th in Kolkata.
            #expect(try await found("plums on 20 November", by: agent, on: server).first == "plums two")
            #expect(try await found("plums yesterday", by: agent, on: server).first == "plums two")
            server.model.play(
                .call("conversation_search", ["query": "plums", "start_date": "2026-11-20", "end_date": "2026-11-20"]),
                .say("."))
            let answer = try await server.say("?", to: agent).expect(200)
            let result = answer.json["messages"]?[1]?["tool_return"]?.string ?? ""
            #expect(result.contains("plums two") && !result.contains("plums one") && !result.contains("plums three"))
            #expect(result.contains("2026-11-20T01:30:00.000000+05:30"))
        }
    }

    @Test(arguments: Engines.all)
    func `a deleted conversation is not found, what is shared is`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let made = try await server.send(.post, "/v1/conversations/?agent_id=\(agent)", [:]).expect(200)
            let conversation = try #require(made.json["id"]?.string)
            let path = "/v1/conversations/\(conversation)/messages"
            try await server.send(
                .post, path, ["messages": [["role": "user", "content": "about zebras"]], "streaming": false]
            ).expect(200)
            #expect(
                try await found("zebra", by: agent, ["conversation_id": .string(conversation)], on: server)
                    == ["about zebras"])
            #expect(try await found("zebra", by: agent, ["conversation_id": "default"], on: server) == [])
            try await server.send(.delete, "/v1/conversations/\(conversation)").expect(200)
            #expect(try await found("zebra", by: agent, on: server) == [])
        }
    }
}
