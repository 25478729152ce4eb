import JSON
import LettaAPI
import TestSupport
import Testing

/// Passages are found by their words: most of them first, then the newest.
@Suite(.timeLimit(.minutes(5))) struct PassageSearchTests {
    private static let texts: [(name: String, text: String, tags: [String], day: Int)] = [
        ("cats", "Cats like fish", ["animal", "food"], 1),
        ("dogs", "Dogs like bones and cats", ["animal"], 2),
        ("sky", "The sky is blue over Paris", ["fact"], 3),
        ("mail", "Ann's address is ann@example.com, since 2019", [], 4),
        ("apple", "我喜欢苹果", ["food"], 5),
        ("party", "🎉🎉", [], 6),
    ]

    private func seed(_ server: TestServer) async throws {
        server["agent"] = try await server.newAgent("Ada")
        for (name, text, tags, day) in Self.texts {
            let body: JSONValue = [
                "text": .string(text), "tags": .array(tags.map { .string($0) }),
                "created_at": .string("2026-01-0\(day)T12:00:00Z"),
            ]
            server[name] = try #require(
                try await server.send(.post, "/v1/agents/{agent}/archival-memory", body).ids.first)
        }
        server["other"] = try await server.newAgent("Bob")
        try await server.run([
            .post("/v1/agents/{other}/archival-memory", ["text": "cats cats cats"], expect: 200)
        ])
    }

    /// What is found, by the names of the texts.
    private func found(_ parameters: String, on server: TestServer) async throws -> [String] {
        let answer = try await server.get("/v1/agents/{agent}/archival-memory/search?\(parameters)")
        try #require(answer.status == 200, "\(parameters): \(answer.text)")
        let results = try #require(answer.json["results"]?.array)
        #expect(answer.json["count"]?.int == Int64(results.count))
        return results.map { result in
            Self.texts.first { server[$0.name] == result["id"]?.string }?.name ?? "another's"
        }
    }

    @Test(arguments: Engines.all)
    func `words find, rank and bound`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let cases: [(String, [String])] = [
                ("query=cats", ["dogs", "cats"]), ("query=CATS", ["dogs", "cats"]), ("query=cat", ["dogs", "cats"]),
                ("query=cats%20fish", ["cats", "dogs"]), ("query=fish%20cats%20zebra", ["cats", "dogs"]),
                ("query=What%20do%20dogs%20like%3F", ["dogs", "cats"]), ("query=zebra", []), ("query=at", []),
                ("query=is", ["mail", "sky"]), ("query=example", ["mail"]), ("query=2019", ["mail"]),
                ("query=%E8%8B%B9%E6%9E%9C", ["apple"]), ("query=%F0%9F%8E%89", ["party"]), ("query=%25%25", []),
                ("query=", ["party", "apple", "mail", "sky", "dogs", "cats"]), ("query=&top_k=2", ["party", "apple"]),
                ("query=cats&top_k=1", ["dogs"]), ("query=cats&tags=food", ["cats"]),
                ("query=cats&tags=food&tags=animal", ["dogs", "cats"]),
                ("query=cats&tags=food&tags=animal&tag_match_mode=all", ["cats"]),
                ("query=cats&tags=nothing", []), ("query=&tags=food", ["apple", "cats"]),
                ("query=cats&start_datetime=2026-01-02", ["dogs"]), ("query=cats&end_datetime=2026-01-01", ["cats"]),
                ("query=cats&end_datetime=2026-01-01T11:00", []),
                ("query=cats&start_datetime=2026-01-01T12:00:00Z&end_datetime=2026-01-01T12:00:00Z", ["cats"]),
                ("query=cats&end_datetime=2026-01-01T07:00:00-05:00", ["cats"]),
            ]
            for (parameters, names) in cases {
                #expect(try await found(parameters, on: server) == names, "\(parameters)")
            }
        }
    }

    @Test(arguments: Engines.all)
    func `a query is text and nothing else`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            for query in [
                "cats OR", "NOT cats", "\"cats", "cats\"", "(cats", "cats*", "words:cats", "cats AND", "'cats'",
                "cats\\",
                "cats'; DROP TABLE passage; --", "cats & | ! <->", "^cats", "NEAR(cats)", "{cats}", "cats:*",
            ] {
                let escaped = query.utf8.map { byte in
                    let hex = String(byte, radix: 16)
                    return "%\(hex.count < 2 ? "0" : "")\(hex)"
                }.joined()
                #expect(try await found("query=\(escaped)", on: server) == ["dogs", "cats"], "\(query)")
            }
        }
    }

    @Test(arguments: Engines.all)
    func `passages of all archives, of one or of an agent`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            server["archive"] = try #require(try await server.get("/v1/archives/?agent_id={agent}").ids.first)
            server["empty"] = try await server.newAgent("Cleo")
            let search = "/v1/passages/search"
            let cats: JSONValue = [
                "passage": ["id": "{cats}", "text": "Cats like fish"], "score": .anything, "metadata": [:],
            ]
            let dogs: JSONValue = ["passage": ["id": "{dogs}", "tags": ["animal"]], "score": .anything]
            try await server.run([
                .post(search, ["query": "cats fish", "agent_id": "{agent}"], expect: 200, [cats, dogs]),
                .post(search, ["query": "cats fish", "archive_id": "{archive}"], expect: 200, [cats, dogs]),
                .post(search, ["query": "cats fish"], expect: 200, .elements(3)),
                .post(search, ["query": "cats", "agent_id": "{empty}"], expect: 200, []),
                .post(
                    search, ["query": "cats", "agent_id": "{other}", "archive_id": "{archive}"], expect: 200, []),
                .post(search, [:], expect: 200, .elements(7)),
                .post(search, ["agent_id": "{agent}", "limit": 1], expect: 200, [["passage": ["id": "{cats}"]]])
                    .note("without a query the oldest first"),
                .post(search, ["agent_id": "{agent}", "limit": 1, "after": "{cats}"], expect: 200, .elements(1)),
                .post(search, ["query": "cats", "after": "{cats}"], expect: 422).field("after"),
                .post(search, ["query": "cats", "tags": ["food"], "tag_match_mode": "all"], expect: 200, .elements(1)),
                .post(search, ["start_date": "2026-01-06", "end_date": "2026-01-06"], expect: 200, .elements(1)),
                .post(search, ["limit": 0], expect: 422).field("limit"),
                .post(search, ["limit": 101], expect: 422).field("limit"),
                .post(search, ["tag_match_mode": "some"], expect: 422).field("tag_match_mode"),
                .post(search, ["start_date": "soon"], expect: 422).field("start_date"),
                .post(search, ["agent_id": .string("agent-\(nobody)")], expect: 404),
                .post(search, ["archive_id": .string("archive-\(nobody)")], expect: 404),
                .post(search, ["query": .string(String(repeating: "x", count: 3_000))], expect: 422).field("query"),
            ])
            let others = try await server.addOrganization()
            try await server.run([
                .post(search, ["query": "cats"], as: others, expect: 200, []),
                .post(search, ["agent_id": "{agent}"], as: others, expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `large and odd texts are kept and found`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada")
            let list = "/v1/agents/{agent}/archival-memory"
            let long = "needle " + (0..<150_000).map { "w\($0)" }.joined(separator: " ")
            let word = String(repeating: "ß", count: 100_000)
            for text in [long, word, "a\u{301}\u{7f}\u{2028}\\\"\t\n'\u{FFFD}\u{10FFFF} odd"] {
                try await server.run([
                    .post(list, ["text": .string(text)], expect: 200, [["text": .string(text)]])
                ])
            }
            try await server.run([
                .get("\(list)/search?query=needle", expect: 200, ["results": [["content": .string(long)]]]),
                .get("\(list)/search?query=odd", expect: 200, ["count": 1]),
            ])
        }
    }
}
