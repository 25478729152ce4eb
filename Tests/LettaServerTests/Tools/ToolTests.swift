import JSON
import LettaAPI
import TestSupport
import Testing
import ToolRuntime

/// Users' own tools.
@Suite(.timeLimit(.minutes(5))) struct ToolTests {
    static func source(_ name: String = "add", _ summary: String = "Add two numbers.") -> JSONValue {
        .string(
            """
            def \(name)(a: int, b: int = 2) -> int:
                \"""\(summary)

                Args:
                    a (int): first
                    b (int): second

                Returns:
                    int: the sum
                \"""
                print("adding")
                return a + b

            """)
    }

    @Test(arguments: Engines.scenarios)
    func `creation derives what the client leaves out`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post(
                    "/v1/tools/", ["source_code": Self.source(), "tags": ["x"], "return_char_limit": 100], expect: 200,
                    [
                        "id": .id("tool"), "tool_type": "custom", "name": "add", "description": "Add two numbers.",
                        "source_type": "python", "source_code": Self.source(), "tags": ["x"],
                        "return_char_limit": 100, "args_json_schema": [:], "pip_requirements": nil,
                        "npm_requirements": nil, "default_requires_approval": nil,
                        "enable_parallel_execution": false, "created_by_id": .id("user"),
                        "last_updated_by_id": .id("user"), "metadata_": [:], "project_id": nil,
                        "json_schema": [
                            "name": "add", "description": "Add two numbers.",
                            "parameters": [
                                "type": "object", "required": ["a"],
                                "properties": [
                                    "a": ["type": "integer", "description": "first"],
                                    "b": ["type": "integer", "description": "second"],
                                ],
                            ],
                        ],
                    ]
                ).keep("add"),
                .put(
                    "/v1/tools/",
                    [
                        "source_code": Self.source("add", "Sum up."), "description": "mine",
                        "pip_requirements": [["name": "numpy", "version": "1.0"]], "default_requires_approval": true,
                        "enable_parallel_execution": true,
                    ], expect: 200,
                    [
                        "id": "{add}", "description": "mine", "json_schema": ["description": "Sum up."],
                        "tags": ["x"], "return_char_limit": 50_000, "default_requires_approval": true,
                        "enable_parallel_execution": true, "pip_requirements": [["name": "numpy", "version": "1.0"]],
                    ]
                ).note("the same name is the same tool; tags that are not given stay"),
                .put(
                    "/v1/tools/",
                    [
                        "source_code": Self.source(),
                        "json_schema": ["name": "sum", "description": "d", "parameters": ["type": "object"]],
                    ], expect: 200,
                    ["name": "sum", "description": "d", "json_schema": ["parameters": ["type": "object"]]]
                ).keep("sum").note("a schema that is given is the tool's"),
                .put(
                    "/v1/tools/",
                    [
                        "source_code": "export function t() { return 1 }", "source_type": "typescript",
                        "json_schema": ["name": "t", "description": "d", "parameters": ["type": "object"]],
                    ], expect: 400, ["detail": .text(containing: "pip install --target")]
                ).note("there is no node in this test"),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/tools/{add}", expect: 200, ["description": "mine", "source_code": .anything]),
                .get("/v1/tools/?tool_types=custom", expect: 200, .elements(2)),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a schema that is given needs no docstring`(_ engine: TestEngine) async throws {
        let code: JSONValue = "def add(a, b=2):\n    return a + b\n"
        let arguments: JSONValue = [
            "type": "object", "properties": ["a": ["type": "integer", "description": "first"]], "required": ["a"],
        ]
        try await scenarios(
            on: engine,
            [
                .post("/v1/tools/", ["source_code": code], expect: 400, ["detail": .text(containing: "docstring")]),
                .post(
                    "/v1/tools/",
                    ["source_code": code, "args_json_schema": arguments, "description": "Adds."], expect: 200,
                    [
                        "name": "add", "description": "Adds.",
                        "json_schema": ["name": "add", "description": "Adds.", "parameters": arguments],
                    ]
                ).keep("add"),
                .patch(
                    "/v1/tools/{add}",
                    ["args_json_schema": ["properties": ["z": ["type": "string"]], "required": []]], expect: 200,
                    ["json_schema": ["description": "Adds.", "parameters": ["properties": ["z": .anything]]]]),
                .post(
                    "/v1/tools/",
                    ["source_code": "def bare(a):\n    return a\n", "args_json_schema": arguments], expect: 200,
                    ["name": "bare", "description": nil]),
                .post(
                    "/v1/tools/",
                    [
                        "source_code": code, "args_json_schema": arguments,
                        "json_schema": ["name": "sum", "parameters": ["type": "object"]],
                    ], expect: 200, ["name": "sum", "json_schema": ["parameters": ["type": "object"]]]
                ).note("a whole schema counts more than its arguments"),
            ])
    }

    @Test(arguments: Engines.scenarios)
    func `what can't be a tool is refused and nothing is kept`(_ engine: TestEngine) async throws {
        let code = Self.source()
        try await scenarios(
            on: engine,
            [
                .put("/v1/tools/", ["source_code": ""], expect: 400, ["detail": .text(containing: "source_code")]),
                .put("/v1/tools/", [:], expect: 422).field("source_code"),
                .put("/v1/tools/", ["source_code": 5], expect: 422).field("source_code"),
                .put(
                    "/v1/tools/", ["source_code": "x = 1"], expect: 400,
                    [
                        "detail": .text(
                            containing:
                                "derive json schema: Schema generation failed: No functions found in source code")
                    ]),
                .put(
                    "/v1/tools/", ["source_code": "def f(a: int) -> str\n    return 1"], expect: 400,
                    ["detail": .text(containing: "Failed to parse source code: expected ':' (<unknown>, line 1)")]),
                .put("/v1/tools/", ["source_code": code, "source_type": "ruby"], expect: 400),
                .put("/v1/tools/", ["source_code": code, "return_char_limit": 0], expect: 422)
                    .field("return_char_limit"),
                .put("/v1/tools/", ["source_code": code, "return_char_limit": 1_000_001], expect: 422)
                    .field("return_char_limit"),
                .put("/v1/tools/", ["source_code": "export", "source_type": "typescript"], expect: 422)
                    .field("json_schema"),
                .put("/v1/tools/", ["source_code": code, "json_schema": ["description": "no name"]], expect: 422)
                    .field("json_schema"),
                .put("/v1/tools/", ["source_code": code, "json_schema": [1]], expect: 422).field("json_schema"),
                .get("/v1/tools/?tool_types=custom", expect: 200, []),
            ])
    }

    @Test(arguments: Engines.scenarios)
    func `the server's own tools stay as they are`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let memory = try await server.get("/v1/tools/?name=memory_insert")
            server["base"] = try #require(memory.ids.first)
            let taken: JSONValue = ["detail": .text(containing: "memory_insert is")]
            try await server.run([
                .post("/v1/tools/", ["source_code": Self.source("memory_insert")], expect: 409, taken),
                .put(
                    "/v1/tools/", ["source_code": Self.source(), "json_schema": ["name": "memory_insert"]],
                    expect: 409, taken),
                .put("/v1/tools/", ["source_code": Self.source()], expect: 200).keep("add"),
                .patch("/v1/tools/{add}", ["json_schema": ["name": "memory_insert"]], expect: 409, taken),
                .patch("/v1/tools/{base}", ["description": "mine"], expect: 409, taken),
                .patch("/v1/tools/{base}", ["source_code": Self.source()], expect: 409, taken),
                .delete("/v1/tools/{base}", expect: 409, taken),
                .get("/v1/tools/{base}", expect: 200, ["tool_type": "letta_sleeptime_core"]),
                .get("/v1/tools/{add}", expect: 200, ["name": "add"]),
                .patch(
                    "/v1/tools/{base}", ["default_requires_approval": true], expect: 200,
                    ["default_requires_approval": true]
                ).note("how they are used is the user's"),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/tools/{base}", expect: 200, ["default_requires_approval": true]),
                .post("/v1/tools/add-base-tools", expect: 200),
                .post("/v1/tools/upsert-base", expect: 200),
                .get("/v1/tools/count?exclude_letta_tools=true", expect: 200, 1),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `changes`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .put("/v1/tools/", ["source_code": Self.source()], expect: 200).keep("add"),
                .put("/v1/tools/", ["source_code": Self.source("other")], expect: 200).keep("other"),
                .patch(
                    "/v1/tools/{add}", ["tags": ["y"], "return_char_limit": 7, "metadata_": ["k": 1]], expect: 200,
                    ["tags": ["y"], "return_char_limit": 7, "metadata_": ["k": 1], "name": "add"]),
                .patch(
                    "/v1/tools/{add}", ["source_code": Self.source("add", "New.")], expect: 200,
                    ["description": "New.", "json_schema": ["description": "New."], "tags": ["y"]]
                ).note("new source brings its schema"),
                .patch("/v1/tools/{add}", ["description": "mine"], expect: 200, ["description": "mine"]),
                .patch(
                    "/v1/tools/{add}", ["source_code": Self.source("plus")], expect: 200,
                    ["name": "plus", "description": "mine", "json_schema": ["name": "plus"]]
                ).note("a text that somebody chose stays"),
                .patch("/v1/tools/{add}", ["source_code": Self.source("other")], expect: 409),
                .patch("/v1/tools/{add}", ["source_code": "x = 1"], expect: 400),
                .patch("/v1/tools/{add}", ["return_char_limit": 0], expect: 422).field("return_char_limit"),
                .patch(
                    "/v1/tools/{add}", ["json_schema": ["name": "total", "parameters": [:]]], expect: 400,
                    ["detail": .text(containing: "the name 'total', but the function in source_code is called 'plus'")]),
                .patch(
                    "/v1/tools/{add}",
                    ["json_schema": ["name": "plus", "parameters": [:]], "source_code": Self.source("total")],
                    expect: 400,
                    ["detail": .text(containing: "the name 'plus', but the function in source_code is called 'total'")]),
                .patch(
                    "/v1/tools/{add}", ["name": "total"], expect: 400,
                    ["detail": .text(containing: "Send source_code whose function is called 'total'")]),
                .patch("/v1/tools/{add}", ["json_schema": ["parameters": [:]]], expect: 422).field("json_schema"),
                .patch(
                    "/v1/tools/{add}",
                    [
                        "name": "total", "json_schema": ["name": "total", "parameters": ["type": "object"]],
                        "source_code": Self.source("total"),
                    ], expect: 200, ["name": "total", "json_schema": ["parameters": ["type": "object"]]]
                ).note("all three agree"),
                .patch("/v1/tools/{add}", ["source_code": Self.source("plus")], expect: 200, ["name": "plus"]),
                .patch(
                    "/v1/tools/{add}", ["args_json_schema": ["properties": ["z": ["type": "string"]]]], expect: 200,
                    ["name": "plus", "json_schema": ["parameters": ["properties": ["z": ["type": "string"]]]]]),
                .patch("/v1/tools/{add}", [:], expect: 200, ["name": "plus", "return_char_limit": 7]),
                .patch("/v1/tools/tool-\(nobody)", ["tags": []], expect: 404),
                .get("/v1/tools/tool-\(nobody)", expect: 404),
                .delete("/v1/tools/tool-\(nobody)", expect: 404),
                .get("/v1/tools/nope", expect: 422).field("tool_id"),
                .delete("/v1/tools/{other}", expect: 200, nil),
                .delete("/v1/tools/{other}", expect: 404),
                .get("/v1/tools/{other}", expect: 404),
            ])
            try await server.restart()
            try await server.run([.get("/v1/tools/{add}", expect: 200, ["name": "plus", "description": "mine"])])
        }
    }

    @Test(arguments: Engines.all)
    func `lists`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for name in ["one", "two", "three"] {
                try await server.run([
                    .put("/v1/tools/", ["source_code": Self.source(name)], expect: 200).keep(name)
                ])
            }
            let own = "/v1/tools/?tool_types=custom"
            try await server.run([
                .get(own, expect: 200, [["id": "{three}"], ["id": "{two}"], ["id": "{one}"]]),
                .get("\(own)&order=asc&limit=2", expect: 200, [["id": "{one}"], ["id": "{two}"]]),
                .get("\(own)&after={three}&limit=1", expect: 200, [["id": "{two}"]]),
                .get("\(own)&before={one}", expect: 200, [["id": "{three}"], ["id": "{two}"]]),
                .get("/v1/tools/?limit=2", expect: 200, [["id": "{three}"], ["id": "{two}"]]),
                .get("/v1/tools/?name=two", expect: 200, [["id": "{two}"]]),
                .get("/v1/tools/?names=two&names=nothing", expect: 200, [["id": "{two}"]]),
                .get("/v1/tools/?tool_ids={one}", expect: 200, [["id": "{one}"]]),
                .get("\(own)&search=T", expect: 200, [["id": "{three}"], ["id": "{two}"]]),
                .get("/v1/tools/?search=conversation_s", expect: 200, [["name": "conversation_search"]]),
                .get("/v1/tools/?exclude_tool_types=custom&search=one", expect: 200, []),
                .get("/v1/tools/?tool_types=zz", expect: 400, ["detail": .text(containing: "'zz'")]),
                .get("/v1/tools/?limit=-1", expect: 422).field("limit"),
                .get("/v1/tools/count?tool_types=custom", expect: 200, 3),
                .get("/v1/tools/count?search=tw", expect: 200, 1),
                .delete("/v1/tools/{two}", expect: 200, nil),
                .get("\(own)&after={two}", expect: 200, [["id": "{one}"]]).note("where the row stood"),
            ])
            let all = try await server.get("/v1/tools/count").json.int
            let letta = try await server.get("/v1/tools/?return_only_letta_tools=true&limit=0")
            #expect(letta.ids.count + 2 == Int(all ?? 0))
        }
    }

    @Test(arguments: Engines.all)
    func `agents have them by name and by id, and lose what is deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .put("/v1/tools/", ["source_code": Self.source()], expect: 200).keep("add"),
                .put(
                    "/v1/tools/", ["source_code": Self.source("other"), "default_requires_approval": true], expect: 200
                ).keep("other"),
                .post(
                    "/v1/agents/",
                    [
                        "model": model, "include_base_tools": false, "tools": ["add"], "tool_ids": ["{other}"],
                    ], expect: 200
                ).keep("agent"),
                .get("/v1/agents/{agent}/tools", expect: 200, .elements(2)),
                .delete("/v1/tools/{add}", expect: 200, nil),
                .get("/v1/agents/{agent}/tools", expect: 200, [["id": "{other}", "name": "other"]]),
                .put("/v1/tools/", ["source_code": Self.source()], expect: 200).keep("new"),
                .patch("/v1/agents/{agent}/tools/attach/{new}", expect: 200),
                .get("/v1/agents/{agent}/tools", expect: 200, [["id": "{other}"], ["id": "{new}"]]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `another organization's tools are another's`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            try await server.run([
                .put("/v1/tools/", ["source_code": Self.source()], expect: 200).keep("mine"),
                .put("/v1/tools/", ["source_code": Self.source("add", "Theirs.")], as: other, expect: 200).keep(
                    "theirs"),
                .get("/v1/tools/{mine}", expect: 200, ["description": "Add two numbers."]),
                .get("/v1/tools/?tool_types=custom", as: other, expect: 200, [["id": "{theirs}"]]),
                .patch("/v1/tools/{mine}", ["tags": ["x"]], as: other, expect: 404),
                .delete("/v1/tools/{mine}", as: other, expect: 404),
                .get("/v1/tools/{mine}", as: other, expect: 404),
            ])
        }
    }
}
