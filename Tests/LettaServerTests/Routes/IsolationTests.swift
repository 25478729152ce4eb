import JSON
import LettaAPI
import TestSupport
import Testing

/// What belongs to one organization is not there for another: neither found, nor listed, nor referred to.
@Suite(.timeLimit(.minutes(5))) struct IsolationTests {
    @Test(arguments: Engines.scenarios)
    func `rows of another organization are invisible`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            try await server.run([
                .post("/v1/blocks/", ["label": "human", "value": "mine"], expect: 200).keep("block"),
                .post(
                    "/v1/agents/",
                    [
                        "name": "Ada", "model": model, "block_ids": ["{block}"], "tags": ["mine"],
                        "include_base_tools": true,
                    ], expect: 200
                ).keep("agent"),
            ])
            server["tool"] = try #require(try await server.get("/v1/agents/{agent}/tools").ids.first)
            let before = try await server.everything()
            try await server.run([
                .get("/v1/agents/", as: other, expect: 200, []),
                .get("/v1/agents/count", as: other, expect: 200, 0),
                .post("/v1/agents/search", [:], as: other, expect: 200, ["agents": []]),
                .get("/v1/tags/", as: other, expect: 200, []),
                .get("/v1/blocks/", as: other, expect: 200, []),
                .get("/v1/blocks/count", as: other, expect: 200, 0),
                .get("/v1/agents/{agent}", as: other, expect: 404),
                .patch("/v1/agents/{agent}", ["name": "Eve"], as: other, expect: 404),
                .delete("/v1/agents/{agent}", as: other, expect: 404),
                .get("/v1/agents/{agent}/context", as: other, expect: 404),
                .post("/v1/agents/{agent}/recompile", as: other, expect: 404),
                .get("/v1/agents/{agent}/tools", as: other, expect: 404),
                .patch("/v1/agents/{agent}/tools/detach/{tool}", as: other, expect: 404),
                .get("/v1/agents/{agent}/core-memory", as: other, expect: 404),
            ])
            try await server.run([
                .get("/v1/agents/{agent}/core-memory/blocks", as: other, expect: 404),
                .get("/v1/agents/{agent}/core-memory/variables", as: other, expect: 404),
                .get("/v1/agents/{agent}/core-memory/blocks/human", as: other, expect: 404),
                .patch("/v1/agents/{agent}/core-memory/blocks/human", ["value": "x"], as: other, expect: 404),
                .patch("/v1/agents/{agent}/core-memory/blocks/detach/{block}", as: other, expect: 404),
                .get("/v1/blocks/{block}", as: other, expect: 404),
                .patch("/v1/blocks/{block}", ["value": "x"], as: other, expect: 404),
                .delete("/v1/blocks/{block}", as: other, expect: 404),
                .get("/v1/blocks/{block}/agents", as: other, expect: 404),
                .get("/v1/blocks/{block}/history", as: other, expect: 404),
                .get("/v1/blocks/?after={block}", as: other, expect: 200, []),
            ])
            #expect(try await server.everything() == before)
        }
    }

    /// The operations that name nothing in path or query, and what they do in the caller's organization. Ids in their
    /// bodies are tried, too.
    private static let unnamed: Set<String> = [
        "POST /v1/auth", "POST /v1/server/session", "DELETE /v1/server/session",
        "POST /v1/agents/", "POST /v1/agents/import", "POST /v1/agents/search",
        "POST /v1/agents/messages/search",
        "POST /v1/messages/search", "POST /v1/passages/search", "POST /v1/search/explain", "POST /v1/archives/",
        "POST /v1/blocks/",
        "POST /v1/_internal_blocks/", "POST /v1/identities/", "PUT /v1/identities/", "POST /v1/tools/",
        "PUT /v1/tools/",
        "POST /v1/tools/run", "POST /v1/tools/generate-schema", "POST /v1/tools/generate-tool",
        "POST /v1/tools/add-base-tools",
        "POST /v1/admin/orgs/", "POST /v1/admin/users/", "PUT /v1/admin/users/", "POST /v1/providers/",
        "POST /v1/providers/check", "POST /v1/folders/", "POST /v1/sources/", "POST /v1/groups/",
        "POST /v1/sandbox-config/", "POST /v1/sandbox-config/local", "POST /v1/sandbox-config/local/default",
        "POST /v1/sandbox-config/e2b/default", "POST /v1/sandbox-config/local/recreate-venv",
        "PUT /v1/tools/mcp/servers", "POST /v1/mcp-servers/", "POST /v1/tools/search",
        "POST /v1/messages/batches", "POST /v1/client-side-access-tokens", "POST /v1/_internal_search/cache-warm",
        "POST /v1/tools/mcp/servers/test", "POST /v1/tools/mcp/servers/connect", "POST /mcp",
        "POST /v1/chat/completions", "POST /v1/voice/chat/completions", "POST /v1/responses",
        "POST /v1/api-keys/", "PUT /v1/quotas/", "POST /v1/server/checks",
        "POST /v1/templates", "POST /v1/_internal_templates/agents", "POST /v1/_internal_templates/groups",
        "POST /v1/_internal_templates/blocks", "POST /v1/_internal_templates/blocks/batch",
    ]

    private static let common: Set<String> = [
        "/v1/health/", "/v1/ready/", "/v1/models/", "/v1/models/embedding", "/openapi.json", "/metrics",
        "/v1/models/doctor",
        "/v1/embeddings/total_storage_size",
        // Of the whole server, for its operator.
        "/v1/server/log", "/v1/server/backups", "/v1/server/backups/{backup_name}",
        "/v1/server/backups/{backup_name}/check", "/v1/server/backup-schedule", "/v1/server/settings",
    ]

    /// Both organizations have something behind every route. Each request names one thing of ours among theirs.
    @Test(arguments: Engines.all)
    func `no operation reaches into another organization`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            server["user_id"] = User.defaultID.rawValue
            server["org_id"] = Organization.defaultID.rawValue
            server["organization_id"] = Organization.defaultID.rawValue
            let ours = server.kept
            let user = try #require(try await server.addOrganization().headers["user_id"])
            try await server.acting(as: user) {
                try await server.seedEverything()
                server["user_id"] = user
                server["org_id"] = try #require(try await server.get("/v1/admin/orgs/").ids.first)
                server["organization_id"] = server["org_id"]
            }
            let theirs = server.kept
            let before = try await server.rows().filter { $0.contains(Organization.defaultID.rawValue) }
            let secrets = try await server.uuids(of: Organization.defaultID.rawValue)
            #expect(secrets.count > 30)
            let operations = try await server.operations().filter { !Self.common.contains($0.path) }
            try await server.acting(as: user) {
                for operation in operations {
                    try await read(operation, ours: ours, theirs: theirs, secrets, server)
                    try await name(operation, ours: ours, theirs: theirs, server)
                }
                for operation in operations where ![.get, .delete].contains(operation.verb) {
                    try await mention(operation, ours: ours, theirs: theirs, secrets, server)
                }
            }
            #expect(try await server.rows().filter { $0.contains(Organization.defaultID.rawValue) } == before)
        }
    }

    /// A list or an object of theirs shows nothing of ours.
    private func read(
        _ operation: TestServer.Operation, ours: [String: String], theirs: [String: String], _ secrets: Set<String>,
        _ server: TestServer
    ) async throws {
        guard operation.verb == .get else { return }
        let answer = try await server.get(operation.path(with: theirs))
        #expect(answer.text.uuids.isDisjoint(with: secrets), "\(operation): \(answer.text.prefix(300))")
    }

    /// What a path or a query names of ours is 404.
    private func name(
        _ operation: TestServer.Operation, ours: [String: String], theirs: [String: String], _ server: TestServer
    ) async throws {
        if operation.names.isEmpty, operation.verb != .get {
            #expect(Self.unnamed.contains("\(operation.verb.rawValue) \(operation.path)"), "\(operation) is not listed")
        }
        for name in operation.names {
            let our = try #require(
                ours[name], "nothing is kept as \(name): seedEverything() does not cover \(operation)")
            // Names such as labels may be the same in both.
            guard let id = theirs[name], our != id, !our.uuids.isEmpty else { continue }
            let path = operation.path(with: theirs.merging([name: our]) { $1 })
            let answer = try await server.send(operation.verb, path, TestServer.body(for: operation))
            // Nobody can edit a message, whosever it is.
            let isNobodys = operation.verb == .patch && operation.path.hasSuffix("/messages/{message_id}")
            #expect(
                answer.status == (isNobodys ? 405 : 404),
                "\(operation) \(name): \(answer.status) \(answer.text.prefix(300))")
        }
    }

    /// What a body names of ours is rejected or ignored.
    private func mention(
        _ operation: TestServer.Operation, ours: [String: String], theirs: [String: String], _ secrets: Set<String>,
        _ server: TestServer
    ) async throws {
        for field in operation.fields {
            let name = field.hasSuffix("_ids") ? String(field.dropLast()) : field
            guard let id = ours[name], !id.uuids.isEmpty, theirs[name] != id else { continue }
            guard var body = TestServer.body(for: operation).object else { continue }
            let value: JSONValue = field == name ? .string(id) : .array([.string(id)])
            body[field] = value
            let answer = try await server.send(operation.verb, operation.path(with: theirs), .object(body))
            // An error in a stream may name what was asked for.
            let told = answer.text.replacing(id, with: "")
            #expect(
                answer.status >= 400 || told.uuids.isDisjoint(with: secrets),
                "\(operation) \(field): \(answer.text.prefix(300))")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent can not be given what is another's`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            let agent: JSONValue = ["model": model, "include_base_tools": false]
            try await server.run([
                .post("/v1/blocks/", ["label": "human", "value": "mine"], expect: 200).keep("block"),
                .post("/v1/agents/", ["name": "Ada", "model": model], expect: 200).keep("mine"),
                .post("/v1/agents/", agent, as: other, expect: 200).keep("theirs"),
            ])
            server["tool"] = try #require(try await server.get("/v1/agents/{mine}/tools").ids.first)
            server["message"] = try #require(
                try await server.get("/v1/agents/{mine}").json["message_ids"]?[0]?.string)
            try await server.run([
                .patch("/v1/agents/{theirs}/core-memory/blocks/attach/{block}", as: other, expect: 404),
                .patch("/v1/agents/{theirs}/tools/attach/{tool}", as: other, expect: 404),
                .patch("/v1/agents/{theirs}", ["block_ids": ["{block}"]], as: other, expect: 404),
                .patch("/v1/agents/{theirs}", ["tool_ids": ["{tool}"]], as: other, expect: 400),
                .patch("/v1/agents/{theirs}", ["message_ids": ["{message}"]], as: other, expect: 422)
                    .field("message_ids"),
                .post(
                    "/v1/agents/", ["model": model, "include_base_tools": false, "block_ids": ["{block}"]], as: other,
                    expect: 404),
                .get("/v1/blocks/{block}/agents", expect: 200, []),
                .get("/v1/agents/{theirs}", expect: 404).note("and the other way round"),
                .get("/v1/agents/", expect: 200, [["id": "{mine}"]]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `who the caller is`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .post("/v1/blocks/", ["label": "x"], expect: 200, ["created_by_id": .text(containing: "user-0000")])
                    .keep("block"),
                .get("/v1/blocks/{block}", as: .user("user-\(nobody)"), expect: 200)
                    .note("an unknown user is the default one"),
                .get("/v1/blocks/{block}", as: .user("bob"), expect: 400, ["detail": .text(containing: "bob")]),
            ])
    }

    @Test(arguments: Engines.scenarios)
    func `a project narrows lists and takes what is new`(_ engine: TestEngine) async throws {
        let project = TestCaller.v1.with("X-Project-Id", "p1")
        try await scenarios(
            on: engine,
            [
                .post("/v1/blocks/", ["label": "in"], as: project, expect: 200, ["project_id": "p1"]).keep("in"),
                .post("/v1/blocks/", ["label": "out"], expect: 200, ["project_id": nil]).keep("out"),
                .post("/v1/agents/", ["model": model], as: project, expect: 200, ["project_id": "p1"]).keep("agent"),
                .post(
                    "/v1/agents/", ["model": model, "project_id": "p2"], as: project, expect: 200, ["project_id": "p2"]),
                .get("/v1/blocks/", as: project, expect: 200, [["id": "{in}"]]),
                .get("/v1/blocks/", expect: 200, .elements(2)),
                .get("/v1/blocks/count", as: project, expect: 200, 1),
                .get("/v1/agents/", as: project, expect: 200, [["id": "{agent}"]]),
                .get("/v1/agents/count?project_id=p2", expect: 200, 1),
                .get("/v1/blocks/{out}", as: project, expect: 200).note("what is named is found"),
            ])
    }
}

extension TestServer.Operation {
    /// The path with values for its captures and for the parameters that it needs.
    fileprivate func path(with values: [String: String]) -> String {
        names.reduce(path) { path, name in
            let value = values[name] ?? "x"
            return path.replacing("{\(name)}", with: value).replacing("\(name)=x", with: "\(name)=\(value)")
        }
    }
}
