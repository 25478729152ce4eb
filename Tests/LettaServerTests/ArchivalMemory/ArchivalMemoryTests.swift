import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// The archival memory of an agent, as people see it.
@Suite(.timeLimit(.minutes(5))) struct ArchivalMemoryTests {
    private static let list = "/v1/agents/{agent}/archival-memory"

    /// An agent with three memories, the first of them filed under an earlier time.
    private func seed(_ server: TestServer) async throws {
        server["agent"] = try await server.newAgent("Ada", ["embedding": "openai/text-embedding-3-small"])
        for (name, body) in [
            ("sky", ["text": "The sky is blue over Paris", "tags": ["sky", "fact", "sky"]]),
            ("cats", ["text": "Cats like fish", "created_at": "2024-01-02T03:04:05Z"]),
            ("dogs", ["text": "Dogs like bones and cats", "tags": ["fact"]]),
        ] as [(String, JSONValue)] {
            let answer = try await server.send(.post, Self.list, body)
            try #require(answer.status == 200, "\(answer.text)")
            server[name] = try #require(answer.ids.first)
        }
    }

    @Test(arguments: Engines.all)
    func `what is put in is there, also after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let sky: JSONValue = [
                "id": "{sky}", "text": "The sky is blue over Paris", "tags": ["sky", "fact"], "metadata": [:],
                "is_deleted": false, "archive_id": .id("archive"), "embedding": nil,
                "embedding_config": ["handle": "openai/text-embedding-3-small"],
                "organization_id": .id("org"), "created_by_id": .id("user"), "source_id": nil, "file_name": nil,
            ]
            let cats: JSONValue = [
                "id": "{cats}", "text": "Cats like fish", "tags": nil, "created_at": "2024-01-02T03:04:05.000000Z",
            ]
            for round in ["before", "after"] {
                try await server.run([
                    .get(Self.list, expect: 200, [cats, sky, ["id": "{dogs}"]]).note("oldest first, \(round)"),
                    .get("/v1/agents/{agent}/archival-memory/", expect: 200, .elements(3)),
                    .get("/agents/{agent}/passages", expect: 200, .elements(3)),
                    .get("\(Self.list)?ascending=false&limit=2", expect: 200, [["id": "{dogs}"], ["id": "{sky}"]]),
                    .get("\(Self.list)?limit=1", expect: 200, [["id": "{cats}"]]),
                    .get("\(Self.list)?search=CATS", expect: 200, [["id": "{cats}"], ["id": "{dogs}"]]),
                    .get("\(Self.list)?search=%25", expect: 200, []).note("a percent sign is a percent sign"),
                    .get("\(Self.list)?after={sky}", expect: 200, [["id": "{dogs}"]]),
                    .get("\(Self.list)?before={dogs}&limit=1", expect: 200, [["id": "{sky}"]]),
                    .get("\(Self.list)?ascending=false&after={sky}", expect: 200, [["id": "{cats}"]]),
                    .get("\(Self.list)?limit=-1", expect: 422).field("limit"),
                ])
                try await server.restart()
            }
            try await server.run([
                .post(Self.list, ["text": ""], expect: 200, [["text": "", "tags": nil]]).note("empty is a text too"),
                .get(
                    "/v1/archives/?agent_id={agent}", expect: 200,
                    [
                        [
                            "name": "Ada's Archive", "description": "Default archive created automatically",
                            "embedding_config": ["handle": "openai/text-embedding-3-small"], "metadata": nil,
                            "vector_db_provider": "native",
                        ]
                    ]
                ).note("one archive for them all"),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `a deleted memory is gone, once, and leaves its place`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            server["other"] = try await server.newAgent("Bob")
            let missing: JSONValue = ["detail": .text(containing: "not found")]
            try await server.run([
                .delete("/v1/agents/{other}/archival-memory/{sky}", expect: 404, missing).note("it is not theirs"),
                .delete("\(Self.list)/passage-\(nobody)", expect: 404, missing),
                .delete("\(Self.list)/nothing", expect: 404, missing),
                .get(Self.list, expect: 200, .elements(3)),
                .delete("\(Self.list)/{sky}", expect: 200, ["message": "Memory id={sky} successfully deleted"]),
                .delete("\(Self.list)/{sky}", expect: 404, missing),
                .get(Self.list, expect: 200, [["id": "{cats}"], ["id": "{dogs}"]]),
                .get("\(Self.list)?after={sky}", expect: 200, [["id": "{dogs}"]]),
                .get("\(Self.list)/search?query=sky", expect: 200, ["results": [], "count": 0]),
            ])
            try await server.restart()
            try await server.run([.get(Self.list, expect: 200, .elements(2))])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `bad requests are named and change nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let long = JSONValue.string(String(repeating: "x", count: 3_000))
            let many = JSONValue.array((0..<1_001).map { .string("t\($0)") })
            let before = try await server.everything()
            try await server.run([
                .post(Self.list, [:], expect: 422).field("text"),
                .post(Self.list, ["text": 5], expect: 422).field("text"),
                .post(Self.list, ["text": "x", "tags": "t"], expect: 422).field("tags"),
                .post(Self.list, ["text": "x", "tags": [long]], expect: 422).field("tags"),
                .post(Self.list, ["text": "x", "tags": many], expect: 422).field("tags"),
                .post(Self.list, ["text": "x", "created_at": "yesterday"], expect: 422).field("created_at"),
                .post("/v1/agents/agent-\(nobody)/archival-memory", ["text": "x"], expect: 404),
                .get("/v1/agents/agent-\(nobody)/archival-memory", expect: 404),
                .get("\(Self.list)/search", expect: 422).field("query"),
                .get("\(Self.list)/search?query=x&start_datetime=yesterday", expect: 422).field("start_datetime"),
                .get("\(Self.list)/search?query=x&end_datetime=2024-13-01", expect: 422).field("end_datetime"),
                .get("\(Self.list)/search?query=x&top_k=0", expect: 422).field("top_k"),
                .get("\(Self.list)/search?query=x&top_k=-2", expect: 422).field("top_k"),
                .get("\(Self.list)/search?query=x&top_k=many", expect: 422).field("top_k"),
                .get("\(Self.list)/search?query=x&tag_match_mode=some", expect: 422).field("tag_match_mode"),
            ])
            #expect(try await server.everything() == before)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent's archive goes with it unless somebody else has it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            server["archive"] = try #require(try await server.get("/v1/archives/").ids.first)
            server["friend"] = try await server.newAgent("Bob")
            try await server.run([
                .patch("/v1/agents/{friend}/archives/attach/{archive}", expect: 200),
                .delete("/v1/agents/{agent}", expect: 200),
                .get("/v1/agents/{friend}/archival-memory", expect: 200, .elements(3)),
                .get("/v1/archives/{archive}/agents", expect: 200, [["id": "{friend}"]]),
                .delete("/v1/agents/{friend}", expect: 200),
                .get("/v1/archives/{archive}", expect: 200).note("it was not made for this agent"),
            ])
            server["agent"] = try await server.newAgent("Cleo")
            try await server.run([
                .post(Self.list, ["text": "secret plans"], expect: 200),
                .delete("/v1/agents/{agent}", expect: 200),
                .get("/v1/archives/", expect: 200, [["id": "{archive}"]]),
                .post("/v1/passages/search", ["query": "secret"], expect: 200, []),
            ])
            let words: Int? = try await server.storage.read { db in
                try db.value("SELECT COUNT(*) FROM passage_words")
            }
            #expect(words == 3, "nothing is left of the words either")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the prompt tells what is there when it is made anew`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada")
            #expect(try await !server.systemMessage(of: "{agent}").contains("archival memory"))
            try await server.run([
                .post(Self.list, ["text": "one", "tags": ["b", "a"]], expect: 200),
                .post(Self.list, ["text": "two", "tags": ["b", "C"]], expect: 200),
                .get("/v1/agents/{agent}/context", expect: 200, ["num_archival_memory": 2]),
            ])
            #expect(try await !server.systemMessage(of: "{agent}").contains("archival memory"), "kept for the cache")
            try await server.run([.post("/v1/agents/{agent}/recompile", expect: 200)])
            let told = """
                - 2 total memories you created are stored in archival memory (use tools to access them)
                - Available archival memory tags: C, a, b
                """
            #expect(try await server.systemMessage(of: "{agent}").contains(told))
            try await server.run([
                .patch("/v1/agents/{agent}/reset-messages", expect: 200)
            ])
            #expect(try await server.systemMessage(of: "{agent}").contains(told))
        }
    }

    @Test(arguments: Engines.all)
    func `a memory is changed, and found by its new words`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let path = "\(Self.list)/{cats}"
            let changed: JSONValue = ["id": "{cats}", "text": "Cats sleep", "tags": ["t", "u"], "metadata": ["a": 1]]
            try await server.run([
                .patch(
                    path, ["text": "Cats sleep", "tags": ["t", "u", "t"], "metadata": ["a": 1]], expect: 200, [changed]),
                .patch(path, expect: 200, [changed]).note("the first client generation sends no body"),
                .patch(path, ["text": nil], expect: 200, [changed]),
                .patch(path, ["text": 5], expect: 422).field("text"),
                .patch("\(Self.list)/passage-\(nobody)", ["text": "x"], expect: 404),
                .patch("/v1/agents/agent-\(nobody)/archival-memory/{cats}", ["text": "x"], expect: 404),
            ])
            let before = try await server.rows()
            try await server.run([
                .patch(path, ["text": "Cats sleep", "tags": ["t", "u"], "metadata": ["a": 1]], expect: 200, [changed])
            ])
            #expect(try await server.rows() == before, "nothing is written when nothing changes")
            try await server.restart()
            try await server.run([
                .get("\(Self.list)?search=sleep", expect: 200, [changed]),
                .get("\(Self.list)/search?query=sleep", expect: 200, ["results": [["id": "{cats}"]]]),
                .get("\(Self.list)/search?query=fish", expect: 200, ["count": 0]),
                .get("\(Self.list)/search?query=cats&tags=u", expect: 200, ["count": 1]),
                .patch(path, ["tags": nil], expect: 200, [["tags": nil, "text": "Cats sleep"]]),
                .get("\(Self.list)/search?query=cats&tags=u", expect: 200, ["count": 0]),
                .get("/v1/embeddings/total_storage_size", expect: 200, 0).note("there are no vectors"),
            ])
        }
    }
}
