import JSON
import LettaAPI
import TestSupport
import Testing

/// Searches tell why each text was found.
@Suite(.timeLimit(.minutes(3))) struct ExplainedSearchTests {
    private static let path = "/v1/search/explain"

    private func why(_ body: JSONObject, on server: TestServer) async throws -> [JSONValue] {
        let answer = try await server.send(.post, Self.path, .object(body)).expect(200)
        return answer.json["results"]?.array ?? []
    }

    /// An agent with memories, with or without an embedding model.
    private func seed(_ server: TestServer, embedding: Bool) async throws {
        var fields: JSONObject = ["timezone": "Asia/Tokyo"]
        if embedding {
            server.model.embed(with: WordVectors.embedder)
            fields["embedding"] = EmbeddingTests.model
        }
        server["agent"] = try await server.newAgent("Ada", fields)
        try await server.run([
            .post(
                "/v1/agents/{agent}/archival-memory", ["text": "Ann bought a red car", "tags": ["thing"]], expect: 200),
            .post(
                "/v1/agents/{agent}/archival-memory", ["text": "The kitten sleeps on the couch", "tags": ["animal"]],
                expect: 200),
            .post("/v1/agents/{agent}/archival-memory", ["text": "Bob is a physician"], expect: 200),
        ])
    }

    @Test(arguments: Engines.all)
    func `memories by their words`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server, embedding: false)
            let stranger = try await server.addOrganization()
            for _ in 1...2 {
                try await server.run([
                    .post(
                        Self.path,
                        ["source": "archival_memory", "query": "Who buys cars, or bought one?", "agent_id": "{agent}"],
                        expect: 200,
                        [
                            "words": ["buys", "cars", "bought"], "uses_meaning": false,
                            "results": [
                                [
                                    "text": "Ann bought a red car", "tags": ["thing"],
                                    "why": ["matched": ["cars", "bought"], "similarity": nil, "word_share": nil],
                                ]
                            ],
                        ]),
                    .post(
                        Self.path,
                        ["source": "archival_memory", "query": "car", "agent_id": "{agent}", "tags": ["animal"]],
                        expect: 200, ["results": []]),
                    .post(
                        Self.path, ["source": "archival_memory", "query": "car"], as: stranger, expect: 200,
                        ["results": []]),
                ])
                let all = try await server.send(
                    .post, Self.path, ["source": "archival_memory", "query": "car"]
                ).expect(200)
                let archive = try #require(all.json["results"]?[0]?["archive_id"]?.string)
                let name = try await server.get("/v1/archives/\(archive)").json["name"]
                #expect(all.json["names"]?[archive] == name && name?.string?.isEmpty == false)
                let found = try await why(
                    ["source": "archival_memory", "query": "car", "agent_id": "{agent}"], on: server)
                let words = try #require(found.first?["why"]?["words"]?.double)
                #expect(words > 0 && found.first?["why"]?["score"]?.double == words)
                try await server.restart()
            }
        }
    }

    @Test(arguments: Engines.all)
    func `memories by their meaning, with what each signal adds`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server, embedding: true)
            let found = try await why(
                ["source": "archival_memory", "query": "vehicle", "agent_id": "{agent}"], on: server)
            let first = try #require(found.first)
            #expect(first["text"] == "Ann bought a red car" && first["why"]?["matched"] == [])
            let shares = [first["why"]?["word_share"]?.double, first["why"]?["meaning_share"]?.double]
            let sum = try shares.reduce(0) { try $0 + #require($1) }
            #expect(try abs(sum - #require(first["why"]?["score"]?.double)) < 0.001)
            let similarities = found.compactMap { $0["why"]?["similarity"]?.double }
            #expect(similarities.count == 3 && similarities.max() == similarities.first)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `messages with their neighbours`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada", ["timezone": "Asia/Tokyo"])
            server.model.play(.say("In spring."), .say("Fine."))
            try await server.say("When are the tulips planted?", to: server["agent"]).expect(200)
            try await server.say("And now the weather", to: server["agent"]).expect(200)
            let found = try await why(
                ["source": "messages", "query": "planting tulips", "agent_id": "{agent}"], on: server)
            let first = try #require(found.first)
            #expect(first["text"] == "When are the tulips planted?" && first["role"] == "user")
            #expect(first["agent_id"] == .string(server["agent"]))
            #expect(first["why"]?["matched"] == ["planting", "tulips"])
            let names = ["word_share", "meaning_share", "neighbour_share", "other_share"]
            let sum = try names.reduce(0) { try $0 + #require(first["why"]?[$1]?.double) }
            #expect(try abs(sum - #require(first["why"]?["score"]?.double)) < 0.001)
            try await server.run([
                .post(
                    Self.path,
                    ["source": "messages", "query": "tulips", "agent_id": "{agent}", "end_date": "2001-01-01"],
                    expect: 200, ["results": []]),
                .post(
                    Self.path,
                    ["source": "messages", "query": "tulips", "agent_id": "{agent}", "roles": ["assistant"]],
                    expect: 200, ["results": .anything]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `files of an agent, of a folder, and of all`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for name in ["garden", "other"] {
                try await server.run([.post("/v1/folders/", ["name": .string(name)], expect: 200).keep(name)])
            }
            let id = try await server.upload("tulips.txt", "Tulips are planted in October.", to: server["garden"])
                .json["id"]?.string
            _ = try await server.readFile(try #require(id), in: server["garden"])
            server["agent"] = try await server.newAgent("Ada", ["folder_ids": ["{garden}"]])
            server["without"] = try await server.newAgent("Bob")
            let found: JSONValue = [
                [
                    "file_name": "tulips.txt", "folder_id": "{garden}", "text": "Tulips are planted in October.",
                    "why": ["matched": ["tulip"]],
                ]
            ]
            func check(_ fields: JSONObject, _ expected: JSONValue) async throws {
                var body = fields
                body["source"] = "files"
                body["query"] = "tulip"
                try await server.run([.post(Self.path, .object(body), expect: 200, ["results": expected])])
            }
            try await check(["agent_id": "{agent}"], found)
            try await check(["folder_id": "{garden}"], found)
            try await check([:], found)
            try await check(["folder_id": "{other}"], [])
            try await check(["agent_id": "{without}"], [])
            try await check(["agent_id": "{without}", "folder_id": "{garden}"], [])
        }
    }

    @Test func `what can't be searched`() async throws {
        try await withServer(on: .sqlite) { server in
            server["agent"] = try await server.newAgent("Ada")
            try await server.run([
                .post(Self.path, ["source": "blocks", "query": "x"], expect: 422),
                .post(Self.path, ["source": "messages"], expect: 422),
                .post(Self.path, ["source": "messages", "query": "x", "limit": 0], expect: 422),
                .post(Self.path, ["source": "messages", "query": "x", "limit": 101], expect: 422),
                .post(Self.path, ["source": "messages", "query": "x", "agent_id": "agent-\(nobody)"], expect: 404),
                .post(
                    Self.path, ["source": "archival_memory", "query": "x", "agent_id": "agent-\(nobody)"], expect: 404),
                .post(Self.path, ["source": "files", "query": "x", "folder_id": "source-\(nobody)"], expect: 404),
            ])
        }
    }
}
