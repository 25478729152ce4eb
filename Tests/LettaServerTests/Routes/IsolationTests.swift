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

    @Test(arguments: Engines.all)
    func `no operation reaches into another organization`(_ engine: TestEngine) async throws {
        let common: Set<String> = [
            "/v1/health/", "/v1/ready/", "/v1/models/", "/v1/models/embedding", "/openapi.json", "/metrics",
        ]
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let other = try await server.addOrganization()
            let before = try await server.everything()
            for operation in try await server.operations() where !common.contains(operation.path) {
                if !operation.captures.isEmpty {
                    let answer = try await server.send(
                        operation.verb, operation.path, TestServer.body(for: operation), as: other)
                    // Nobody can edit a message, whosever it is.
                    let isNobodys = operation.verb == .patch && operation.path.hasSuffix("/messages/{message_id}")
                    #expect(
                        answer.status == (isNobodys ? 405 : 404),
                        "\(operation): \(answer.status) \(answer.text.prefix(300))")
                } else if operation.verb == .get {
                    let answer = try await server.get(operation.path, as: other)
                    #expect([[], 0, [:]].contains(answer.json), "\(operation): \(answer.text.prefix(300))")
                }
            }
            #expect(try await server.everything() == before)
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
