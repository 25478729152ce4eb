import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Keys for people and programs: each opens what its scopes allow.
@Suite(.timeLimit(.minutes(5))) struct APIKeyTests {
    private static let path = "/v1/api-keys/"
    private static let owner = TestCaller.v1.with("Authorization", "Bearer right")

    private func key(
        _ server: TestServer, _ scopes: [String], _ fields: JSONObject = [:], as caller: TestCaller = owner
    ) async throws -> TestCaller {
        var body: JSONObject = ["name": "program", "scopes": .array(scopes.map { .string($0) })]
        for (name, value) in fields { body[name] = value }
        let made = try await server.send(.post, Self.path, .object(body), as: caller).expect(200)
        return .v1.with("Authorization", "Bearer \(try #require(made.json["key"]?.string))")
    }

    @Test(arguments: Engines.all)
    func `a key is made, listed, expires and is deleted`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.password = "right"
                $0.now = { time.now }
            },
            { server in
                let made = try await server.send(
                    .post, Self.path, ["name": "deploy", "scopes": ["read"], "expires_at": "2027-01-15T09:00:00Z"],
                    as: Self.owner
                ).expect(
                    200,
                    [
                        "id": .id("key"), "name": "deploy", "scopes": ["read"], "user_id": .id("user"),
                        "key": .text(containing: "key-"), "expires_at": "2027-01-15T09:00:00.000000Z",
                    ])
                let text = try #require(made.json["key"]?.string)
                server["key"] = made.id
                let caller = TestCaller.v1.with("Authorization", "Bearer \(text)")
                try await server.run([
                    .post(Self.path, ["name": "second"], as: Self.owner, expect: 200, ["scopes": ["read", "write"]])
                        .keep("second"),
                    .post(Self.path, ["name": ""], as: Self.owner, expect: 422).field("name"),
                    .post(Self.path, ["name": "x", "scopes": []], as: Self.owner, expect: 422).field("scopes"),
                    .post(Self.path, ["name": "x", "scopes": ["root"]], as: Self.owner, expect: 422),
                    .post(
                        Self.path, ["name": "x", "expires_at": "2020-01-01T00:00:00Z"], as: Self.owner, expect: 422
                    ).field("expires_at"),
                    .post(
                        Self.path, ["name": "x", "user_id": .string("user-\(nobody)")], as: Self.owner, expect: 404),
                ])
                try await server.restart()
                let secret = try #require(text.split(separator: ".").last)
                #expect(!(try await server.rows().joined().contains(secret)), "the secret itself is stored nowhere")
                try await server.run([
                    .get(Self.path, as: Self.owner, expect: 200, [["id": "{second}"], ["id": "{key}"]]),
                    .get("\(Self.path){key}", as: Self.owner, expect: 200, ["name": "deploy", "scopes": ["read"]]),
                    .get("\(Self.path)key-\(nobody)", as: Self.owner, expect: 404),
                    .get("/v1/agents/", as: caller, expect: 200, []),
                    .get("/v1/agents/", as: caller.with("Authorization", "Bearer \(server["key"]).wrong"), expect: 401),
                ])
                #expect(try await server.get("\(Self.path){key}", as: Self.owner).json["key"] == nil)
                time.pass(hours: 2)
                try await server.run([
                    .get("/v1/agents/", as: caller, expect: 401),
                    .delete("\(Self.path){second}", as: Self.owner, expect: 200, nil),
                    .delete("\(Self.path){second}", as: Self.owner, expect: 404),
                    .get(Self.path, as: Self.owner, expect: 200, [["id": "{key}"]]),
                ])
            })
    }

    @Test(arguments: Engines.all)
    func `a key is changed, and its last use is known by the minute`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.password = "right"
                $0.now = { time.now }
            },
            { server in
                let caller = try await key(server, ["read"])
                let made = try await server.get(Self.path, as: Self.owner).expect(200, [["last_used_at": nil]])
                server["key"] = try #require(made.json[0]?["id"]?.string)
                let path = "\(Self.path){key}"
                try await server.run([
                    .post("/v1/blocks/", ["label": "a", "value": ""], as: caller, expect: 403),
                    .patch(path, ["name": "renamed", "scopes": ["write", "write"]], as: caller, expect: 403),
                    .patch(path, ["name": ""], as: Self.owner, expect: 422).field("name"),
                    .patch(path, ["scopes": []], as: Self.owner, expect: 422).field("scopes"),
                    .patch(path, ["scopes": ["root"]], as: Self.owner, expect: 422),
                    .patch(path, ["expires_at": "2020-01-01T00:00:00Z"], as: Self.owner, expect: 422)
                        .field("expires_at"),
                    .patch("\(Self.path)key-\(nobody)", ["name": "x"], as: Self.owner, expect: 404),
                    .get(path, as: Self.owner, expect: 200, ["name": "program", "scopes": ["read"]])
                        .note("nothing of that was stored"),
                    .patch(
                        path,
                        ["name": "renamed", "scopes": ["write", "write"], "expires_at": "2027-01-16T09:00:00Z"],
                        as: Self.owner, expect: 200, ["name": "renamed", "scopes": ["write"]]),
                    .get("/v1/agents/", as: caller, expect: 403),
                    .post("/v1/blocks/", ["label": "a", "value": ""], as: caller, expect: 200),
                ])
                let first = try await server.get(path, as: Self.owner).json["last_used_at"]?.string
                #expect(first == time.now.wireText)
                time.pass(seconds: 59)
                try await server.run([.post("/v1/blocks/", ["label": "b", "value": ""], as: caller, expect: 200)])
                #expect(try await server.get(path, as: Self.owner).json["last_used_at"]?.string == first)
                time.pass(seconds: 2)
                try await server.run([.post("/v1/blocks/", ["label": "c", "value": ""], as: caller, expect: 200)])
                let second = time.now.wireText
                try await server.restart()
                try await server.run([
                    .get(
                        path, as: Self.owner, expect: 200,
                        [
                            "name": "renamed", "scopes": ["write"], "expires_at": "2027-01-16T09:00:00.000000Z",
                            "last_used_at": .string(second),
                        ]),
                    .patch(path, ["expires_at": nil], as: Self.owner, expect: 200, ["expires_at": nil]),
                    .get(path, as: Self.owner, expect: 200, ["name": "renamed", "last_used_at": .string(second)]),
                ])
            })
    }

    @Test func `every route has a class`() async throws {
        try await withServer(on: .sqlite) { server in
            let lines = RouteScopes.lines
            let classes = Set(KeyScope.allCases.map(\.rawValue) + ["open"])
            for line in lines where !classes.contains(line.scope) {
                Issue.record("\(line.operation) has the class \(line.scope)")
            }
            let classed = Set(lines.map(\.operation))
            #expect(classed.count == lines.count, "an operation has one line")
            // The files of the dashboard have paths that change with them.
            let all = server.operationsOfRoutes.filter { !$0.hasPrefix("GET /ui/") && $0 != "GET /" }
            #expect(all.subtracting(classed).sorted() == [], "these need a line in scopes.tsv")
            #expect(classed.subtracting(all).sorted() == [], "these are no routes")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a key opens what its scopes allow`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.password = "right" }) { server in
            server["ann"] = try await server.newAgent("ann", as: Self.owner)
            let reader = try await key(server, ["read"])
            let writer = try await key(server, ["write"])
            let runner = try await key(server, ["tools:run"])
            let admin = try await key(server, ["admin"])
            let source: JSONValue = [
                "source_code": "def f() -> str:\n    \"\"\"f\"\"\"\n    return 'x'", "source_type": "python",
            ]
            try await server.run([
                .get("/v1/agents/{ann}", as: reader, expect: 200, ["name": "ann"]),
                .post("/v1/agents/search", [:], as: reader, expect: 200),
                .patch("/v1/agents/{ann}", ["name": "x"], as: reader, expect: 403).note("writes"),
                .post("/v1/agents/{ann}/messages", ["input": "Hi."], as: reader, expect: 403),
                .get("/v1/agents/{ann}", as: writer, expect: 403).note("a scope stands for itself"),
                .patch("/v1/agents/{ann}", ["name": "Ann"], as: writer, expect: 200),
                .post("/v1/agents/{ann}/messages", ["input": "Hi."], as: writer, expect: 200),
                .post("/v1/tools/", source, as: writer, expect: 403).note("brings code"),
                .post("/v1/tools/run", source, as: runner, expect: 403).note("runs any code"),
                .get("/v1/agents/{ann}", as: runner, expect: 403),
                .get("/v1/agents/{ann}", as: admin, expect: 200),
                .get("/v1/api-keys/", as: admin, expect: 200, .elements(4)),
                .get("/v1/nothing", as: admin, expect: 404),
                .get("/v1/health/", as: reader, expect: 200),
                .get("/v1/agents/", as: reader.with("user_id", User.defaultID.rawValue), expect: 403)
                    .note("a key acts as its own user"),
            ])
            // No scope but admin leads to more scopes.
            for caller in [reader, writer, runner] {
                for line in RouteScopes.lines where line.scope == "admin" {
                    let parts = line.operation.split(separator: " ")
                    let route = ListedRoute(
                        verb: try #require(HTTPVerb(rawValue: String(parts[0]))), path: String(parts[1]))
                    let answer = try await server.send(route.verb, route.filledPath, as: caller)
                    #expect(answer.status == 403, "\(line.operation)")
                }
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a key stays in its organization and names who acts`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let others = try await server.addOrganization()
            server["ours"] = try await server.newAgent("ours")
            let theirs = try await key(server, ["admin"], as: others)
            let list = try await server.get(Self.path, as: others).expect(200, .elements(1))
            server["user"] = try #require(list.json[0]?["user_id"]?.string)
            server["key"] = try #require(list.json[0]?["id"]?.string)
            try await server.run([
                .get("/v1/agents/{ours}", as: theirs, expect: 404),
                .get(Self.path, expect: 200, []),
                .post(
                    "/v1/agents/", ["name": "x", "model": model], as: theirs, expect: 200, ["created_by_id": "{user}"]
                )
                .keep("made"),
                .get("/v1/agents/{made}", expect: 404),
                .get("/v1/agents/", as: .v1.with("Authorization", "Bearer key-\(nobody).x"), expect: 401)
                    .note("also without a password"),
            ])
            let metrics = try await server.get("/metrics", as: theirs).text
            #expect(metrics.contains("http_requests_by_key_total{key=\"\(server["key"])\"}"))
            try await server.run([
                .delete("/v1/admin/users/?user_id={user}", expect: 200),
                .get("/v1/agents/", as: theirs, expect: 401).note("its user is gone"),
            ])
        }
    }
}
