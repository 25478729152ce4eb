import JSON
import LettaAPI
import TestSupport
import Testing

/// Every list can be read page by page: the `Link` headers lead through all of it.
@Suite(.timeLimit(.minutes(5))) struct EveryListTests {
    /// The lists that have one element here.
    private static let short: Set<String> = [
        "/v1/agents/{agent_id}/groups",
        // Sums, not pages.
        "/v1/usage/summary",
    ]

    @Test(arguments: Engines.all)
    func `links lead through the whole list`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let document = try await server.get("/openapi.json").json
            let lists = (document["paths"]?.object ?? [:]).filter { _, item in
                item["get"]?["parameters"]?.array?.contains { $0["name"] == "limit" } == true
            }.map(\.key)
            #expect(lists.count >= 20)
            // The documented spelling takes the project as a parameter.
            let versions = "/v1/templates/{template_name}/versions"
            for path in lists where path != versions {
                for order in path.hasSuffix("/history") ? [""] : ["", "&order=asc", "&order=desc"] {
                    let all = try await server.get("\(path)?limit=1000\(order)")
                    #expect(all.status == 200 && all[header: "Link"] == nil, "\(path): \(all.text)")
                    var seen: [JSONValue] = []
                    var pages = 0
                    var next: String? = "\(path)?limit=1\(order)"
                    while let path = next, pages < 100 {
                        let page = try await server.get(path)
                        #expect(page.status == 200, "\(path): \(page.text)")
                        seen += page.json.array ?? []
                        pages += 1
                        next = page[header: "Link"].flatMap { link in
                            link.split(separator: ">").first.map { String($0.dropFirst()) }
                        }
                    }
                    // One stored message is more than one element, and pages from the newest end go backwards.
                    let texts = { (values: [JSONValue]) in values.map { JSONWriter.string(of: $0) }.sorted() }
                    #expect(texts(seen) == texts(all.json.array ?? []), "\(path)\(order)")
                    #expect(Self.short.contains(path) || pages > 1, "\(path)\(order) has one page")
                }
            }
        }
    }

    /// Two of everything that is listed.
    private func seed(_ server: TestServer) async throws {
        try await seedTurns(server)
        try await server.run([
            .post("/v1/sandbox-config/e2b/default", expect: 200),
            .post(
                "/v1/sandbox-config/{sandbox_config_id}/environment-variable", ["key": "B", "value": "b"], expect: 200),
            .put("/v1/tools/mcp/servers", ["server_name": "other", "server_url": "http://a"], expect: 200),
        ])
        try await server.seedMoreBatches()
        try await server.giveTool(server["second_tool_id"], toServer: server["mcp_server_id"])
        try await server.run([
            .post("/v1/templates", ["agent_id": "{agent_id}", "name": "other"], expect: 201),
            .post("/v1/templates/{project_id}/support", [:], expect: 200),
        ])
    }

    private func seedTurns(_ server: TestServer) async throws {
        // Turns of two steps.
        server.model.play(.call("conversation_search", ["query": "Ann"]), .say("Hello."))
        try await server.seedEverything()
        try await server.run([
            .post("/v1/agents/", ["model": model, "block_ids": ["{block_id}"], "tags": ["three"]], expect: 200)
                .keep("second"),
            .patch("/v1/agents/{second}/archives/attach/{archive_id}", expect: 200),
            .post("/v1/agents/{agent_id}/archival-memory", ["text": "Ann likes y."], expect: 200),
            .post("/v1/archives/", ["name": "second"], expect: 200),
            .post("/v1/identities/", ["identifier_key": "two", "name": "Two", "identity_type": "org"], expect: 200),
            .patch("/v1/agents/{second}/identities/attach/{identity_id}", expect: 200),
            .post("/v1/providers/", ["name": "two", "provider_type": "google_vertex", "api_key": "k"], expect: 200),
            .patch("/v1/blocks/{other}/identities/attach/{identity_id}", expect: 200),
            .post("/v1/agents/{agent_id}/messages", ["input": "Again."], expect: 200),
            .post("/v1/admin/orgs/", ["name": "second"], expect: 200).keep("org"),
            .post("/v1/admin/users/", ["name": "second", "organization_id": "{org}"], expect: 200),
            .post("/v1/groups/", ["agent_ids": [], "description": "two"], expect: 200),
            .post(
                "/v1/agents/",
                ["model": model, "name": "sleeper", "enable_sleeptime": true], expect: 200),
        ])
        try await server.run([
            .post("/v1/folders/", ["name": "more", "embedding": "openai/text-embedding-3-small"], expect: 200)
                .keep("more"),
            .patch("/v1/agents/{agent_id}/folders/attach/{more}", expect: 200),
            .patch("/v1/agents/{second}/folders/attach/{folder_id}", expect: 200),
        ])
        try await server.addFile("b.txt", "three", to: server["folder_id"])
        try await server.addJob(.created)
        for _ in 0..<2 {
            let agent = try await server.newAgent()
            server.model.play(.call("local_ls", [:]))
            try await server.say("list", to: agent, ["client_tools": [["name": "local_ls"]]]).expect(200)
        }
    }
}
