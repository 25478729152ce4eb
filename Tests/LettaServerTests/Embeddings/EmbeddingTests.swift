import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Memories are found by what they mean.
@Suite(.timeLimit(.minutes(2))) struct EmbeddingTests {
    private static let list = "/v1/agents/{agent}/archival-memory"
    static let model: JSONValue = "openai/text-embedding-3-small"

    /// An agent with three memories that have vectors.
    private func seed(_ server: TestServer) async throws {
        server.model.embed(with: WordVectors.embedder)
        server["agent"] = try await server.newAgent("Ada", ["embedding": Self.model])
        for (name, body) in [
            ("car", ["text": "Ann bought a red car", "tags": ["thing"]]),
            ("cat", ["text": "The kitten sleeps on the couch", "tags": ["animal"]]),
            ("doctor", ["text": "Bob is a physician", "created_at": "2024-01-02T03:04:05Z"]),
        ] as [(String, JSONValue)] {
            let answer = try await server.send(.post, Self.list, body)
            try #require(answer.status == 200, "\(answer.text)")
            server[name] = try #require(answer.ids.first)
        }
        server["archive"] = try #require(try await server.get("/v1/archives/?agent_id={agent}").ids.first)
    }

    /// The ids of what is found, the best first.
    private func found(_ query: String, _ filter: String = "", on server: TestServer) async throws -> [String] {
        let query = query.replacing(" ", with: "%20")
        let answer = try await server.get("\(Self.list)/search?query=\(query)\(filter)")
        try #require(answer.status == 200, "\(answer.text)")
        return (answer.json["results"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test(arguments: Engines.all)
    func `a memory is found in other words, also after a restart, and not once it is deleted`(
        _ engine: TestEngine
    ) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            for _ in 1...2 {
                #expect(try await found("vehicle", on: server).first == server["car"])
                #expect(try await found("feline", "&top_k=1", on: server) == [server["cat"]])
                #expect(try await found("doctor", "&end_datetime=2024-01-03", on: server) == [server["doctor"]])
                #expect(try await found("vehicle", "&tags=animal", on: server) == [server["cat"]], "filters come first")
                let passage = try await server.get(Self.list).json[1]
                #expect(passage?["embedding"]?.array?.count == 4_096)
                #expect(passage?["embedding"]?.array?.prefix(64).contains { $0.double != 0 } == true)
                #expect(passage?["embedding_config"]?["embedding_dim"] == 64, "the length is the model's own")
                try await server.restart()
            }
            try await server.run([
                .get("/v1/archives/{archive}", expect: 200, ["embedding_config": ["embedding_dim": 64]]),
                .get("/v1/archives/{archive}/embedding", expect: 200, ["passages": 3, "waiting": 0, "error": nil]),
                .get("/v1/archives/archive-\(nobody)/embedding", expect: 404),
                .post("/v1/archives/archive-\(nobody)/embedding", ["embedding": Self.model], expect: 404),
                .post("/v1/archives/{archive}/embedding", ["embedding": "openai/zz"], expect: 400),
                .post("/v1/archives/{archive}/embedding", [:], expect: 400),
                .post(
                    "/v1/passages/search", ["query": "vehicle", "agent_id": "{agent}", "limit": 1], expect: 200,
                    [["passage": ["id": "{car}"], "metadata": ["words": 0.0, "similarity": .anything]]]),
                .patch("\(Self.list)/{car}", ["text": "Ann sold her puppy"], expect: 200, [["id": "{car}"]]),
                .delete("\(Self.list)/{cat}", expect: 200),
            ])
            #expect(try await found("canine", "&top_k=1", on: server) == [server["car"]], "the new text is embedded")
            #expect(try await found("feline", on: server).contains(server["cat"]) == false)
            let rows: Int? = try await server.storage.read { try $0.value("SELECT COUNT(*) FROM passage_vector") }
            #expect(rows == 2)
        }
    }

    @Test(arguments: Engines.all)
    func `what a model misses is found by its words and embedded later`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed { _, _ in .failure(ProviderFailure(.connection, message: "refused")) }
            server["agent"] = try await server.newAgent("Ada", ["embedding": Self.model])
            let answer = try await server.send(.post, Self.list, ["text": "Ann bought a red car"])
            #expect(answer.status == 200 && answer.json[0]?["embedding"] == .null)
            server["archive"] = try #require(answer.json[0]?["archive_id"]?.string)
            #expect(try await found("car", on: server) == answer.ids)
            #expect(try await found("vehicle", on: server) == [])
            try await server.waitForEmbedding("archives/{archive}") { $0["error"] != .null }
            try await server.run([
                .get(
                    "/v1/archives/{archive}/embedding", expect: 200,
                    ["waiting": 1, "error": .text(containing: "refused")])
            ])
            server.model.embed(with: WordVectors.embedder)
            try await server.restart()
            try await server.waitForEmbedding("archives/{archive}") { $0["waiting"] == 0 }
            #expect(try await found("vehicle", on: server) == answer.ids)
        }
    }

    @Test func `memories of a turn and of a batch are embedded`() async throws {
        try await withServer(on: .sqlite) { server in
            server.model.embed(with: WordVectors.embedder)
            server["agent"] = try await server.newAgent(
                "Ada", ["embedding": Self.model, "tools": ["archival_memory_insert", "archival_memory_search"]])
            server.model.play(.call("archival_memory_insert", ["content": "Ann bought a car"]), .say("done"))
            _ = try await server.say("go", to: server["agent"])
            server["archive"] = try #require(try await server.get("/v1/archives/?agent_id={agent}").ids.first)
            try await server.waitForEmbedding("archives/{archive}") { $0["waiting"] == 0 && $0["passages"] == 1 }
            server.model.play(.call("archival_memory_search", ["query": "vehicle"]), .say("done"))
            let answer = try await server.say("go", to: server["agent"])
            #expect(answer.text.contains("Ann bought a car"))
            let many = JSONValue.array((0..<150).map { ["text": .string("text number \($0)")] })
            let batch = try await server.send(
                .post, "/v1/archives/{archive}/passages/batch", ["passages": many])
            #expect(batch.status == 200)
            try await server.waitForEmbedding("archives/{archive}") { $0["waiting"] == 0 && $0["passages"] == 151 }
        }
    }

    @Test func `a text that is too long for the model is embedded in parts`() async throws {
        try await withServer(on: .sqlite) { server in
            server.model.embed { texts, model in
                guard texts.allSatisfy({ $0.count <= 100 }) else {
                    return .failure(ProviderFailure(.contextWindowExceeded, message: "too long"))
                }
                return await WordVectors.embedder(texts, model)
            }
            server["agent"] = try await server.newAgent("Ada", ["embedding": Self.model])
            let long = String(repeating: "the weather was nice and ", count: 20) + "Ann bought a car"
            try await server.run([
                .post(Self.list, ["text": .string(long)], expect: 200),
                .post(Self.list, ["text": "Bob sleeps"], expect: 200),
                .post(Self.list, ["text": "  "], expect: 200, [["embedding": nil]]).note("nothing to embed"),
            ])
            let best = try await server.get("\(Self.list)/search?query=nice%20weather&top_k=1").json
            #expect(best["results"]?[0]?["content"] == .string(long))
        }
    }

    @Test func `vectors of another length are refused`() async throws {
        try await withServer(on: .sqlite) { server in
            try await seed(server)
            server.model.embed { texts, _ in .success(texts.map { WordVectors.vector(of: $0, dimensions: 16) }) }
            try await server.run([
                .post(Self.list, ["text": "A new sofa"], expect: 200, [["embedding": nil]]),
                .get(
                    "/v1/archives/{archive}/embedding", expect: 200,
                    ["passages": 4, "error": .text(containing: "vectors of 16 and 64 numbers")]),
            ])
            #expect(try await found("sofa", on: server).count == 1, "by its words")
        }
    }

    // MARK: Another model

    @Test(arguments: Engines.all)
    func `an archive moves to another model and is searched meanwhile`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let hold = ScriptedModel.Hold()
            server.model.embed(pausingAt: hold) { texts, model in
                if model == "small-one", texts.count > 1 { await hold.stop() }
                return await WordVectors.embedder(texts, model)
            }
            let config: JSONValue = [
                "embedding_endpoint_type": "openai", "embedding_endpoint": "http://127.0.0.1:1/v1",
                "embedding_model": "small-one", "embedding_dim": 1,
            ]
            try await server.run([
                .post(
                    "/v1/archives/{archive}/embedding", ["embedding_config": config], expect: 200,
                    [
                        "embedding_config": ["handle": Self.model], "passages": 3, "waiting": 0,
                        "next": ["embedding_config": ["embedding_model": "small-one"], "passages": 3],
                    ])
            ])
            await hold.reached()
            #expect(try await found("vehicle", "&top_k=1", on: server) == [server["car"]], "by the old model")
            try await server.run([.post(Self.list, ["text": "Eve rents a house"], expect: 200)])
            hold.release()
            try await server.waitForEmbedding("archives/{archive}") { $0["next"] == .null }
            try await server.run([
                .get(
                    "/v1/archives/{archive}", expect: 200,
                    ["embedding_config": ["embedding_model": "small-one", "embedding_dim": 32]]),
                .get("/v1/archives/{archive}/embedding", expect: 200, ["passages": 4, "waiting": 0]),
            ])
            #expect(try await found("vehicle", "&top_k=1", on: server) == [server["car"]], "by the new model")
            let passage = try await server.get(Self.list).json[0]
            #expect(passage?["embedding_config"]?["embedding_model"] == "small-one")
        }
    }
}

extension TestServer {
    /// Waits until the state of an archive's or folder's embedding is as wanted.
    func waitForEmbedding(_ owner: String, _ isMet: (JSONValue) -> Bool) async throws {
        while true {
            if isMet(try await get("/v1/\(owner)/embedding").json) { return }
            await Task.yield()
        }
    }
}
