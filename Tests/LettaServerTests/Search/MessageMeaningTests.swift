import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Messages are found by what they mean, once the background has embedded them.
@Suite(.timeLimit(.minutes(3))) struct MessageMeaningTests {
    private static let scope = Scope(
        organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
    private static let path = "/v1/messages/search"
    private static let said = [
        "Ann bought a red car", "Nice!", "The kitten sleeps on the couch", "Sweet.", "Bob is a physician", "I see.",
    ]

    /// Stores a conversation, one message a minute.
    private func tell(_ texts: [String], to agent: String, on server: TestServer) async throws {
        try await server.storage.write(as: Self.scope) { db in
            guard var row = try AgentStore.rowForUpdate(ID(agent), db) else { return }
            let rows = texts.enumerated().map { index, text in
                MessageRow(
                    TurnMessage(
                        id: IDSource.random.next(Message.self).rawValue,
                        role: index.isMultiple(of: 2) ? .user : .assistant, parts: [.text(text)],
                        createdAt: 1_700_000_000_000_000 + Int64(row.nextMessagePosition + index) * 60_000_000),
                    agentID: ID(agent), position: row.nextMessagePosition + index, model: nil)
            }
            row.nextMessagePosition += rows.count
            try AgentStore.update(row, db)
            try MessageStore.insert(rows, db)
        }
    }

    private func newAgent(on server: TestServer, _ fields: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["embedding": EmbeddingTests.model]
        for (name, value) in fields { body[name] = value }
        return try await server.newAgent("Ada", body)
    }

    private func found(_ query: String, by agent: String, _ more: JSONObject = [:], on server: TestServer) async throws
        -> [String]
    {
        var body: JSONObject = ["query": .string(query), "agent_id": .string(agent)]
        for (name, value) in more { body[name] = value }
        let answer = try await server.send(.post, Self.path, .object(body)).expect(200)
        return (answer.json.array ?? []).compactMap { $0["content"]?.string }
    }

    private func best(_ query: String, by agent: String, _ more: JSONObject = [:], on server: TestServer) async throws
        -> String?
    {
        try await found(query, by: agent, more, on: server).first
    }

    @Test(arguments: Engines.all)
    func `a message is found in other words, also after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            let agent = try await newAgent(on: server)
            try await tell(Self.said, to: agent, on: server)
            #expect(try await found("vehicle", by: agent, on: server) == [], "nobody has used the agent yet")
            try await server.say("Hello", to: agent).expect(200)
            try await server.waitForVectors(of: agent, of: Self.said)
            for _ in 1...2 {
                #expect(try await best("vehicle", by: agent, on: server) == Self.said[0])
                #expect(try await best("feline", by: agent, ["search_mode": "vector"], on: server) == Self.said[2])
                #expect(try await found("feline", by: agent, ["search_mode": "fts"], on: server) == [])
                #expect(try await best("vehicle", by: agent, ["roles": ["assistant"]], on: server) != Self.said[0])
                #expect(try await found("vehicle", by: agent, ["conversation_id": "conv-x"], on: server) == [])
                #expect(try await best("doctor", by: "agent-\(nobody)", on: server) == nil)
                try await server.run([
                    .post(
                        Self.path, ["query": "doctor", "limit": 1], expect: 200, [["content": "Bob is a physician"]]),
                    .post(
                        "/v1/agents/messages/search",
                        ["query": "feline couch", "agent_id": .string(agent), "limit": 1], expect: 200,
                        [["embedded_text": .string(Self.said[2]), "fts_rank": 1, "vector_rank": 1]]),
                ])
                try await server.restart()
            }
            let stranger = try await server.addOrganization()
            try await server.run([.post(Self.path, ["query": "vehicle"], as: stranger, expect: 200, [])])
        }
    }

    @Test(arguments: Engines.all)
    func `what a turn said is embedded, and found by the agent's tool`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            let agent = try await newAgent(on: server, ["tools": ["conversation_search"]])
            server.model.play(.say("Noted."))
            try await server.say("Ann bought a red car", to: agent).expect(200)
            try await server.waitForVectors(of: agent, of: ["Ann bought a red car", "Noted."])
            server.model.play(.call("conversation_search", ["query": "automobile", "limit": 1]), .say("."))
            let answer = try await server.say("?", to: agent).expect(200)
            let result = answer.json["messages"]?[1]?["tool_return"]?.string ?? ""
            #expect(result.contains("Ann bought a red car"), "\(answer.text)")
            #expect(result.contains("hybrid") && result.contains("vector_rank"))
        }
    }

    @Test(arguments: Engines.all)
    func `vectors go with their messages`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            let agent = try await newAgent(on: server)
            let made = try await server.send(.post, "/v1/conversations/?agent_id=\(agent)", [:]).expect(200)
            let path = "/v1/conversations/\(made.id)/messages"
            server.model.play(.say("Fine."), .say("Sure."))
            try await server.send(
                .post, path, ["messages": [["role": "user", "content": "a red car"]], "streaming": false]
            ).expect(200)
            try await server.say("a kitten", to: agent).expect(200)
            try await server.waitForVectors(of: agent, of: ["a red car", "Fine.", "a kitten", "Sure."])
            #expect(try await best("vehicle", by: agent, on: server) == "a red car")
            try await server.send(.delete, "/v1/conversations/\(made.id)").expect(200)
            #expect(try await found("vehicle", by: agent, on: server).contains("a red car") == false)
            #expect(try await best("feline", by: agent, on: server) == "a kitten")
            #expect(try await server.vectors(of: agent).contains("a red car") == false)
            try await server.send(.delete, "/v1/agents/\(agent)").expect(200)
            #expect(try await server.vectors(of: nil).isEmpty)
        }
    }

    @Test(arguments: Engines.all)
    func `messages are embedded anew for another model`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            let agent = try await newAgent(on: server)
            try await tell(Self.said, to: agent, on: server)
            try await server.say("Hello", to: agent).expect(200)
            try await server.waitForVectors(of: agent, of: Self.said, length: 64)
            #expect(try await best("vehicle", by: agent, on: server) == Self.said[0])
            let other: JSONValue = [
                "embedding_endpoint_type": "openai", "embedding_endpoint": "http://127.0.0.1:1/v1",
                "embedding_model": "small-one", "embedding_dim": 32,
            ]
            try await server.send(.patch, "/v1/agents/\(agent)", ["embedding_config": other]).expect(200)
            try await server.restart()
            try await server.waitForVectors(of: agent, of: Self.said, length: 32)
            #expect(try await found("vehicle", by: agent, on: server).contains(Self.said[0]))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a model that fails leaves messages to their words until it answers`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed { _, _ in .failure(ProviderFailure(.connection, message: "refused")) }
            let agent = try await newAgent(on: server)
            server.model.play(.say("Noted."))
            try await server.say("Ann bought a red car", to: agent).expect(200)
            #expect(
                try await found("car", by: agent, ["search_mode": "vector"], on: server) == ["Ann bought a red car"])
            #expect(try await found("vehicle", by: agent, on: server) == [])
            server.model.embed(with: WordVectors.embedder)
            try await server.restart()
            try await server.waitForVectors(of: agent, of: ["Ann bought a red car", "Noted."])
            #expect(try await best("vehicle", by: agent, on: server) == "Ann bought a red car")
        }
    }

    @Test(arguments: Engines.all)
    func `old messages are embedded from their end, and go on where a server stopped`(
        _ engine: TestEngine
    ) async throws {
        try await withServer(on: engine) { server in
            let texts = (0..<150).map { "text number \($0)" }
            let agent = try await server.newAgent()
            try await server.say("Hello", to: agent).expect(200)
            try await tell(texts, to: agent, on: server)
            // The first batch alone succeeds.
            server.model.embed { texts, model in
                guard texts.contains("text number 149") else {
                    return .failure(ProviderFailure(.connection, message: "refused"))
                }
                return await WordVectors.embedder(texts, model)
            }
            try await server.send(.patch, "/v1/agents/\(agent)", ["embedding": EmbeddingTests.model]).expect(200)
            try await server.restart()
            let first = try await server.waitForVectors(of: agent) { $0.contains("text number 149") }
            #expect(!first.contains("text number 0") && first.count < 150)
            server.model.embed(with: WordVectors.embedder)
            try await server.restart()
            let all = try await server.waitForVectors(of: agent) { $0.contains("text number 0") }
            #expect(all.filter { $0.hasPrefix("text number") } == Set(texts))
        }
    }
}

extension TestServer {
    /// The texts that have vectors, of this length if one is given.
    fileprivate func vectors(of agent: String?, length: Int? = nil) async throws -> Set<String> {
        let rows = try await storage.read { db in
            try db.rows(
                """
                SELECT message.agent_id, message.said, message_vector.vector FROM message_vector
                LEFT JOIN message ON message.agent_id = message_vector.agent_id
                    AND message.position = message_vector.position
                """)
        }
        return Set(
            try rows.filter { row in
                let (owner, bytes): (String?, [UInt8]) = (try row["agent_id"], try row["vector"])
                return (agent == nil || owner == agent) && (length == nil || bytes.count == length.map { $0 + 4 })
            }.map { try $0["said"] ?? "" })
    }

    @discardableResult
    fileprivate func waitForVectors(
        of agent: String, length: Int? = nil, _ areEnough: (Set<String>) -> Bool
    ) async throws -> Set<String> {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let texts = try await vectors(of: agent, length: length)
            if areEnough(texts) { return texts }
            try #require(ContinuousClock.now < deadline, "\(texts.count) messages have vectors")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    fileprivate func waitForVectors(of agent: String, of texts: [String], length: Int? = nil) async throws {
        try await waitForVectors(of: agent, length: length) { $0.isSuperset(of: texts) }
    }
}
