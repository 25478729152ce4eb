import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Tokens for web pages: each opens some agents, and nothing else.
@Suite(.timeLimit(.minutes(5))) struct AccessTokenTests {
    private static let page = "https://example.org"
    private static let path = "/v1/client-side-access-tokens"
    private static let owner = TestCaller.v1.with("Authorization", "Bearer right")

    private static func body(_ agent: String, _ access: JSONValue, _ fields: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = [
            "hostname": .string(page), "policy": [["type": "agent", "id": .string(agent), "access": access]],
        ]
        for (key, value) in fields { body[key] = value }
        return .object(body)
    }

    private static let all: JSONValue = ["read_messages", "write_messages", "read_agent", "write_agent"]

    private func token(
        _ server: TestServer, _ agent: String, _ access: JSONValue = all, _ fields: JSONObject = [:]
    ) async throws -> TestCaller {
        let answer = try await server.send(.post, Self.path, Self.body(agent, access, fields), as: Self.owner)
            .expect(200)
        return .v1.with("Authorization", "Bearer \(try #require(answer.json["token"]?.string))")
    }

    @Test(arguments: Engines.all)
    func `a token is made, listed and deleted`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(on: engine, { $0.now = { time.now } }) { server in
            let other = try await server.addOrganization()
            server["ann"] = try await server.newAgent("ann")
            server["bob"] = try await server.newAgent("bob")
            server["theirs"] = try await server.newAgent("theirs", as: other)
            let made = try await server.send(.post, Self.path, Self.body("{ann}", ["read_agent"])).expect(
                200,
                [
                    "token": .text(containing: "token-"), "hostname": .string(Self.page),
                    "expiresAt": "2027-01-15T08:05:00.000000Z",
                    "policy": [
                        "version": "1",
                        "data": [["type": "agent", "id": .string(server["ann"]), "access": ["read_agent"]]],
                    ],
                ])
            let token = try #require(made.json["token"]?.string)
            server["id"] = String(token.prefix { $0 != "." })
            let secret = try #require(token.split(separator: ".").last.map(String.init))
            #expect(secret.count == 64)
            try await server.run([
                .post(
                    Self.path, Self.body("{bob}", ["read_agent"], ["expires_at": "2030-01-01T00:00:00Z"]), expect: 200),
                .post(
                    Self.path, Self.body("{bob}", ["read_agent"], ["expires_at": "2020-01-01T00:00:00Z"]), expect: 422
                )
                .field("expires_at"),
                .post(Self.path, Self.body("{bob}", ["read_agent"], ["hostname": "example.org"]), expect: 422)
                    .field("hostname"),
                .post(Self.path, Self.body("{bob}", ["read_agent"], ["hostname": "https://a b"]), expect: 422)
                    .field("hostname"),
                .post(Self.path, ["hostname": .string(Self.page), "policy": []], expect: 422).field("policy"),
                .post(Self.path, Self.body("{bob}", ["everything"]), expect: 422),
                .post(Self.path, Self.body("agent-\(nobody)", ["read_agent"]), expect: 404),
                .post(Self.path, Self.body("{theirs}", ["read_agent"]), expect: 404),
            ])
            try await server.restart()
            let rows = try await server.rows().joined()
            #expect(!rows.contains(secret), "the secret itself is stored nowhere")
            let list = try await server.get("\(Self.path)?limit=1")
            #expect(list[header: "Link"]?.contains("offset=1") == true && list.json["hasNextPage"] == true)
            try await server.run([
                .get(Self.path, expect: 200, ["tokens": .elements(2), "hasNextPage": false]),
                .get(
                    "\(Self.path)?limit=1&offset=1", expect: 200, ["tokens": [["token": "{id}"]], "hasNextPage": false]),
                .get("\(Self.path)?agentId={ann}", expect: 200, ["tokens": [["token": "{id}"]]]),
                .get(Self.path, as: other, expect: 200, ["tokens": []]),
                .delete("\(Self.path)/{id}", as: other, expect: 404),
                .delete("\(Self.path)/token-\(nobody)", expect: 404),
                .get("/v1/agents/{ann}", as: .v1.with("Authorization", "Bearer \(token)"), expect: 200),
                .delete("\(Self.path)/\(token)", expect: 200, nil),
                .delete("\(Self.path)/{id}", expect: 404),
                .get("/v1/agents/{ann}", as: .v1.with("Authorization", "Bearer \(token)"), expect: 401),
                .get("/v1/agents/{ann}", as: .v1.with("Authorization", "Bearer sk-anything"), expect: 200)
                    .note("any other text is no token"),
            ])
            time.pass(hours: 30_000)
            try await server.run([.get(Self.path, expect: 200, ["tokens": []])])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `who may write alone is not shown what there is`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.password = "right" }) { server in
            let blocks: JSONValue = [
                ["label": "notes", "value": "secret"], ["label": "rules", "value": "fixed", "read_only": true],
            ]
            server["ann"] = try await server.newAgent("ann", ["memory_blocks": blocks], as: Self.owner)
            let writer = try await token(server, "{ann}", ["write_agent"])
            let both = try await token(server, "{ann}", ["write_agent", "read_agent"])
            let path = "/v1/agents/{ann}/core-memory/blocks"
            try await server.run([
                .patch("/v1/agents/{ann}", ["name": "Ann"], as: writer, expect: 200, nil),
                .patch("\(path)/notes", ["description": "d"], as: writer, expect: 200, nil),
                .patch("\(path)/notes", ["description": "e"], as: both, expect: 200, ["value": "secret"]),
                .patch("\(path)/rules", ["value": "x"], as: writer, expect: 403),
                .patch("\(path)/rules", ["value": "x"], as: both, expect: 403).note("read-only"),
                .get("/v1/agents/{ann}", as: both, expect: 200, ["name": "Ann"]),
                .get("\(path)/rules", as: both, expect: 200, ["value": "fixed"]),
                .patch("\(path)/rules", ["value": "y"], as: Self.owner, expect: 200, ["value": "y"]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a token opens its own agent`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.password = "right" }) { server in
            server["ann"] = try await server.newAgent("ann", as: Self.owner)
            server["bob"] = try await server.newAgent("bob", as: Self.owner)
            let ann = try await token(server, "{ann}")
            let reader = try await token(server, "{ann}", ["read_messages"])
            let sent = try await server.send(.post, "/v1/agents/{ann}/messages", ["input": "Hi."], as: ann).expect(200)
            server["run"] = try #require(sent.json["messages"]?[0]?["run_id"]?.string)
            server["message"] = try #require(sent.json["messages"]?[0]?["id"]?.string)
            let bobs = try await server.send(.post, "/v1/agents/{bob}/messages", ["input": "Hi."], as: Self.owner)
            server["bobs_run"] = try #require(bobs.json["messages"]?[0]?["run_id"]?.string)
            server["bobs_message"] = try #require(bobs.json["messages"]?[0]?["id"]?.string)
            try await server.run([
                .post("/v1/conversations/?agent_id={ann}", as: Self.owner, expect: 200).keep("talk"),
                .post("/v1/conversations/?agent_id={bob}", as: Self.owner, expect: 200).keep("bobs_talk"),
                .get("/v1/agents/{ann}", as: ann, expect: 200, ["name": "ann"]),
                .get("/v1/agents/{ann}/messages", as: ann, expect: 200),
                .get("/v1/runs/{run}", as: ann, expect: 200),
                .get("/v1/runs/{run}/messages", as: ann, expect: 200),
                .get("/v1/messages/{message}", as: ann, expect: 200),
                .get("/v1/conversations/{talk}", as: ann, expect: 200),
                .get("/agents/{ann}", as: ann, expect: 200).note("another spelling"),
                .patch("/v1/agents/{ann}", ["name": "Ann"], as: ann, expect: 200, ["name": "Ann"]),
                .patch("/v1/agents/{ann}", ["tool_ids": []], as: ann, expect: 403),
                .patch("/v1/agents/{ann}", ["name": "x", "block_ids": []], as: ann, expect: 403),
                .post(
                    "/v1/agents/{ann}/messages", ["input": "x", "override_system": "Obey."], as: ann, expect: 403),
                .get("/v1/agents/{ann}/messages", as: reader, expect: 200),
                .get("/v1/agents/{ann}", as: reader, expect: 403),
                .post("/v1/agents/{ann}/messages", ["input": "x"], as: reader, expect: 403),
                .get("/v1/agents/{bob}", as: ann, expect: 403),
                .get("/v1/agents/agent-\(nobody)", as: ann, expect: 403).note("what exists is not told"),
                .post("/v1/agents/{bob}/messages", ["input": "x"], as: ann, expect: 403),
                .get("/v1/runs/{bobs_run}", as: ann, expect: 403),
                .get("/v1/messages/{bobs_message}", as: ann, expect: 403),
                .get("/v1/conversations/{bobs_talk}", as: ann, expect: 403),
                .get("/v1/conversations/{bobs_talk}/messages?agent_id={ann}", as: ann, expect: 403),
                .get("/v1/agents/", as: ann, expect: 403),
                .post(
                    "/v1/agents/{ann}/messages", ["messages": [["role": "system", "content": "x"]]], as: ann,
                    expect: 403
                ).note("no system message"),
                .post(
                    "/v1/agents/{ann}/messages",
                    [
                        "messages": [
                            [
                                "type": "approval",
                                "approvals": [["type": "approval", "tool_call_id": "c", "approve": true]],
                            ]
                        ]
                    ], as: ann, expect: 403
                ).note("nobody approves for the owner"),
                .post("/v1/agents/{ann}/messages", ["input": "x", "client_tools": []], as: ann, expect: 403),
                .get("/v1/runs/?agent_id={ann}", as: ann, expect: 403),
                .get(Self.path, as: ann, expect: 403),
                .post(Self.path, Self.body("{bob}", Self.all), as: ann, expect: 403),
                .get("/v1/health/", as: ann, expect: 200),
                .get("/v1/agents/{ann}", as: .v1.with("Authorization", "Bearer token-\(nobody).0"), expect: 401),
            ])
        }
    }

    @Test func `every route is refused that no rule allows`() async throws {
        let open: Set<String> = [
            "GET /v1/health/", "GET /v1/ready/", "POST /v1/auth", "GET /v1/tools/mcp/oauth/callback",
        ]
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            server["ann"] = try await server.newAgent("ann", as: Self.owner)
            let ann = try await token(server, "{ann}")
            for route in ListedRoute.all where !open.contains(route.description) {
                let answer = try await server.send(route.verb, route.filledPath, as: ann)
                #expect(answer.status == 403, "\(route): \(answer.status) \(answer.text.prefix(200))")
            }
            for path in ["/metrics", "/openapi.json", "/docs"] {
                #expect(try await server.get(path, as: ann).status == 403, "\(path)")
            }
            // Every rule is one of a route.
            let document = try await server.get("/openapi.json", as: Self.owner).json
            for rule in AccessTokenRules.rules.keys {
                let parts = rule.split(separator: " ")
                #expect(document["paths"]?[String(parts[1])]?[parts[0].lowercased()] != nil, "\(rule)")
            }
        }
    }

    @Test func `a page may use its own token, and no other`() async throws {
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            server["ann"] = try await server.newAgent("ann", as: Self.owner)
            let preflight = TestCaller.v1.with("Origin", Self.page).with("Access-Control-Request-Method", "POST")
            func asked() async throws -> Int {
                try await server.preflight("/v1/agents/{ann}/messages", as: preflight).status
            }
            #expect(try await asked() == 400)
            let ann = try await token(server, "{ann}")
            #expect(try await asked() == 200)
            let answer = try await server.get("/v1/agents/{ann}", as: ann.with("Origin", Self.page)).expect(200)
            #expect(answer[header: "Access-Control-Allow-Origin"] == Self.page)
            try await server.run([
                .get("/v1/agents/{ann}", as: ann.with("Origin", "https://evil.example"), expect: 403),
                .get("/v1/agents/{ann}", as: Self.owner.with("Origin", Self.page), expect: 403)
                    .note("the page gets nothing by the password"),
            ])
            _ = try await token(server, "{ann}", Self.all, ["hostname": "https://evil.example"])
            try await server.run([
                .get("/v1/agents/{ann}", as: ann.with("Origin", "https://evil.example"), expect: 403)
                    .note("another token's page")
            ])
        }
    }
}
