import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Blocks on their own.
@Suite(.timeLimit(.minutes(5))) struct BlockTests {
    @Test(arguments: Engines.scenarios)
    func `creation`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .post(
                    "/v1/blocks/", ["label": "notes", "value": "x"], expect: 200,
                    [
                        "id": .id("block"), "label": "notes", "value": "x", "limit": 100_000, "description": nil,
                        "metadata": [:], "read_only": false, "tags": [], "hidden": nil, "is_template": false,
                        "template_name": nil, "project_id": nil, "created_by_id": .id("user"),
                        "last_updated_by_id": .id("user"),
                    ]),
                .post(
                    "/v1/blocks/", ["label": "human", "value": "x"], expect: 200,
                    ["description": .text(containing: " ")]),
                .post(
                    "/v1/blocks/", ["label": "persona", "description": "mine"], expect: 200,
                    ["description": "mine", "value": ""]),
                .post(
                    "/v1/blocks/", ["label": "o", "value": ["b": 1, "a": [true, nil, "é"]]], expect: 200,
                    [
                        "value": #"{"b":1,"a":[true,null,"é"]}"#
                    ]
                ).note("an object is kept as its compact text, in its own order"),
                .post(
                    "/v1/blocks/",
                    [
                        "label": "full", "value": "v", "limit": 5, "description": "d", "metadata": ["z": 1, "y": [2]],
                        "read_only": true, "tags": ["b", "a", "b"], "hidden": true, "is_template": true,
                        "template_name": "n", "preserve_on_migration": true, "project_id": "p", "template_id": "t",
                        "base_template_id": "bt", "deployment_id": "de", "entity_id": "e",
                    ], expect: 200,
                    [
                        "limit": 5, "metadata": ["z": 1, "y": [2]], "read_only": true, "tags": ["b", "a"],
                        "hidden": true, "is_template": true, "template_name": "n", "preserve_on_migration": true,
                        "project_id": "p", "template_id": "t", "base_template_id": "bt", "deployment_id": "de",
                        "entity_id": "e",
                    ]
                ).keep("full"),
                .get("/v1/blocks/{full}", expect: 200, ["tags": ["b", "a"], "entity_id": "e"]),
                .post("/v1/blocks/", ["value": "x"], expect: 422).field("label"),
                .post("/v1/blocks/", ["label": "x", "value": [1]], expect: 422).field("value"),
                .post("/v1/blocks/", ["label": "any/label ü", "value": "x"], expect: 200, ["label": "any/label ü"]),
                .post("/v1/_internal_blocks/", ["label": "internal"], expect: 200).keep("internal"),
                .get("/v1/_internal_blocks/?label=internal", expect: 200, [["id": "{internal}"]]),
                .delete("/v1/_internal_blocks/{internal}", expect: 200, nil),
                .get("/v1/blocks/{internal}", expect: 404),
            ])
    }

    @Test(arguments: Engines.scenarios)
    func `changes: absent keeps, null clears, an object replaces`(_ engine: TestEngine) async throws {
        let fields: [(name: String, value: JSONValue, cleared: JSONValue)] = [
            ("label", "other", "other"), ("value", "new", "new"), ("value", ["a": 1], #"{"a":1}"#),
            ("limit", 9000, 9000),
            ("description", "d", nil), ("metadata", ["k": ["v"]], nil), ("read_only", true, true),
            ("tags", ["x", "y"], []), ("hidden", true, nil), ("is_template", true, true), ("template_name", "n", nil),
            ("preserve_on_migration", true, nil), ("project_id", "p", nil), ("template_id", "t", nil),
            ("base_template_id", "b", nil), ("deployment_id", "d", nil), ("entity_id", "e", nil),
        ]
        try await withServer(on: engine) { server in
            for (name, value, cleared) in fields {
                let path = "/v1/blocks/\(try await server.newBlock("label", "value"))"
                let original = try #require(try await server.get(path).json.object)
                let shown: JSONValue = value.object != nil && name == "value" ? cleared : value
                try await server.run([
                    .patch(path, .object([name: value]), expect: 200, .object([name: shown])).note(name),
                    .patch(path, [:], expect: 200, .object([name: shown])).note(name),
                ])
                let changed = try #require(try await server.get(path).json.object)
                for (key, value) in original where key != name { #expect(changed[key] == value, "\(name) \(key)") }
                try await server.run([
                    .patch(path, .object([name: nil]), expect: 200, .object([name: cleared])).note(name),
                    .get(path, expect: 200, .object([name: cleared])).note(name),
                ])
            }
            try await server.run([.patch("/v1/blocks/block-\(nobody)", ["value": "x"], expect: 404)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is too long is refused and nothing is changed`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["block"] = try await server.newBlock("b", "12345", ["limit": 5])
            server["agent"] = try await server.newAgent("a", ["block_ids": ["{block}"]])
            let before = try await server.everything()
            let path = "/v1/blocks/{block}"
            try await server.run([
                .patch(path, ["value": "123456"], expect: 422, ["detail": .text(containing: "limited to 5")]).field(
                    "value"),
                .patch(path, ["limit": 4], expect: 422).field("value"),
                .patch(path, ["limit": -1], expect: 422).field("limit"),
                .patch(path, ["value": ["a": 12345]], expect: 422).field("value"),
                .patch("/v1/agents/{agent}/core-memory/blocks/b", ["value": "123456"], expect: 422).field("value"),
                .post("/v1/blocks/", ["label": "x", "value": "xx", "limit": 1], expect: 422).field("value"),
                .post("/v1/blocks/", ["label": "x", "limit": -1], expect: 422).field("limit"),
            ])
            #expect(try await server.everything() == before)
            try await server.run([
                .patch(path, ["value": "12345é", "limit": 6], expect: 200).note("both at once"),
                .patch(path, ["value": "🇩🇪🇩🇪🇩🇪"], expect: 200).note("scalars are counted, as Python does"),
                .patch(path, ["value": "🇩🇪🇩🇪🇩🇪x"], expect: 422).field("value"),
                .patch(path, ["value": "", "limit": 0], expect: 200, ["limit": 0]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `the history tells every version and who made it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["block"] = try await server.newBlock("b", "one")
            server["agent"] = try await server.newAgent("a", ["block_ids": ["{block}"]])
            let user = "user-00000000-0000-4000-8000-0000000000bb"
            try await server.storage.write { db in
                try db.execute(
                    """
                    INSERT INTO user_account (id, organization_id, name, created_at)
                    VALUES (\(user), 'org-00000000-0000-4000-8000-000000000000', 'Bea', 0)
                    """)
            }
            let path = "/v1/blocks/{block}/history"
            try await server.run([
                .patch(
                    "/v1/blocks/{block}", ["value": "two"], as: .user(user), expect: 200,
                    ["last_updated_by_id": .string(user)]),
                .patch("/v1/agents/{agent}/core-memory/blocks/b", ["limit": 50], expect: 200),
                .patch("/v1/blocks/{block}", ["value": "x", "limit": 0], expect: 422).note("leaves no version"),
                .get(
                    path, expect: 200,
                    [
                        [
                            "version": 3, "value": "two", "limit": 50, "actor_type": "user",
                            "actor_id": .text(containing: "user-0"),
                        ],
                        ["version": 2, "value": "two", "limit": 100_000, "actor_id": .string(user)],
                        ["version": 1, "value": "one", "label": "b", "actor_type": "user", "created_at": .anything],
                    ]),
                .get("\(path)?limit=1", expect: 200, [["version": 3]]),
                .get("\(path)?limit=1&before=3", expect: 200, [["version": 2]]),
                .get("\(path)?before=1", expect: 200, []),
                .get("\(path)?limit=0", expect: 200, .elements(3)),
                .get("\(path)?limit=-1", expect: 422).field("limit"),
                .delete("/v1/blocks/{block}", expect: 200, nil),
                .get(path, expect: 404),
            ])
        }
    }
}
