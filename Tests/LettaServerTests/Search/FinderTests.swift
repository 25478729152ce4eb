import JSON
import LettaAPI
import TestSupport
import Testing

/// One search over all that has a name or an id.
@Suite(.timeLimit(.minutes(5))) struct FinderTests {
    private func kinds(_ server: TestServer, _ query: String, as caller: TestCaller = .v1) async throws -> [String] {
        let answer = try await server.get("/v1/server/search?query=\(query)", as: caller).expect(200)
        return (answer.json.array ?? []).compactMap { $0["kind"]?.string }
    }

    @Test(arguments: Engines.all)
    func `whatever has the name is found`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post("/v1/agents/", ["model": model, "name": "Zebra", "description": "stripes"], expect: 200)
                    .keep("agent"),
                .post("/v1/blocks/", ["label": "zebra_facts", "value": "x"], expect: 200).keep("block"),
                .post("/v1/blocks/", ["label": "zebra_template", "value": "x", "is_template": true], expect: 200),
                .post("/v1/tools/", ["source_code": ToolTests.source("zebra")], expect: 200).keep("tool"),
                .post(
                    "/v1/folders/", ["name": "zebras", "embedding": "openai/text-embedding-3-small"], expect: 200
                ).keep("folder"),
                .post(
                    "/v1/identities/", ["identifier_key": "u1", "name": "Mrs Zebra", "identity_type": "user"],
                    expect: 200
                ).keep("identity"),
                .post("/v1/archives/", ["name": "Zebra's"], expect: 200).keep("archive"),
                .put("/v1/tools/mcp/servers", ["server_name": "zebra-mcp", "server_url": "http://a"], expect: 200),
                .post("/v1/agents/{agent}/messages", ["input": "zebra"], expect: 200),
            ])
            let other = try await server.addOrganization()
            try await server.restart()
            #expect(
                try await kinds(server, "zEBRA")
                    == ["agent", "block", "tool", "folder", "identity", "archive", "mcp_server"])
            try await server.get("/v1/server/search?query=zebra").expect(
                200,
                [
                    ["id": .string(server["agent"]), "name": "Zebra", "description": "stripes"],
                    ["id": .string(server["block"]), "name": "zebra_facts"], .anything, .anything,
                    ["description": "u1"], .anything, .anything,
                ])
            #expect(try await kinds(server, "u1") == ["identity"])
            #expect(try await kinds(server, "%25") == [])
            #expect(try await kinds(server, "zebra", as: other) == [])
            for kind in ["agent", "block", "tool", "folder", "identity", "archive"] {
                #expect(try await kinds(server, server[kind]) == [kind])
                #expect(try await kinds(server, server[kind], as: other) == [])
            }
            for kind in ["run", "step"] {
                let id = try #require(try await server.get("/v1/\(kind)s/?agent_id={agent}").ids.first)
                try await server.get("/v1/server/search?query=\(id)").expect(
                    200, [["kind": .string(kind), "id": .string(id), "agent_id": .string(server["agent"])]])
            }
            let message = try #require(try await server.get("/v1/agents/{agent}/messages").ids.first)
            #expect(try await kinds(server, message) == ["message"])
            try await server.run([
                .get("/v1/server/search?query=agent-\(nobody)", expect: 200, []),
                .get("/v1/server/search?query=%20", expect: 422).field("query"),
                .get("/v1/server/search", expect: 422).field("query"),
                .get("/v1/server/search?query=\(String(repeating: "x", count: 2_001))", expect: 422).field("query"),
            ])
        }
    }

    @Test func `ten of each kind, and the one that is named so`() async throws {
        try await withServer(on: .sqlite) { server in
            let ada = try await server.newAgent("Ada")
            for number in 0..<12 { _ = try await server.newAgent("Ada \(number)") }
            let found = try await server.get("/v1/server/search?query=Ada").ids
            #expect(found.count == 11 && found.first == ada)
        }
    }

    @Test func `a key that may not see MCP servers finds none`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.run([
                .put("/v1/tools/mcp/servers", ["server_name": "hidden", "server_url": "http://a"], expect: 200)
            ])
            let id = try #require(try await server.get("/v1/mcp-servers/").ids.first)
            for (scope, seen) in [("read", []), ("admin", ["mcp_server"])] {
                let key = try await server.send(
                    .post, "/v1/api-keys/", ["name": .string(scope), "scopes": [.string(scope)]]
                )
                .expect(200).json["key"]?.string
                let caller = TestCaller.v1.with("Authorization", "Bearer \(try #require(key))")
                #expect(try await kinds(server, "hidden", as: caller) == seen)
                #expect(try await kinds(server, id, as: caller) == seen)
            }
        }
    }
}
