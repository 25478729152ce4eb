import JSON
import LettaAPI
import TestSupport
import Testing

/// Whatever is sent, the server answers with a reason and stays as it was.
@Suite(.timeLimit(.minutes(5))) struct BadInputTests {
    /// What each kind of field takes, and what it can't be.
    private enum Kind {
        case text, flag, whole, number, object, texts, textMap, secrets, objects, textOrObject, time

        var wrong: [JSONValue] {
            switch self {
            case .text: [5, true, [], [:], 1.5]
            case .flag: ["perhaps", 7, [], [:], 1.5]
            case .whole: ["many", 1.5, [], [:], "1.5", 1e300]
            case .number: ["much", [], [:]]
            case .object: ["x", 5, [], true]
            case .texts: ["x", 5, [:], [5], [nil], [[]]]
            case .textMap: ["x", [], ["k": 5], ["k": nil], ["k": [:]]]
            case .secrets: ["x", [5], ["k": 5], [["key": "k"]], [["key": "k", "value": 5]]]
            case .objects: ["x", 5, [:], [5], [nil]]
            case .textOrObject: [5, true, [], 1.5]
            case .time: ["yesterday", [], [:], "2026-13-01T00:00:00Z", true]
            }
        }
    }

    private static let both: KeyValuePairs<String, Kind> = [
        "name": .text, "system": .text, "description": .text, "metadata": .object, "tags": .texts, "block_ids": .texts,
        "tool_ids": .texts, "tool_rules": .objects, "model": .text, "embedding": .text, "model_settings": .object,
        "llm_config": .object, "embedding_config": .object, "compaction_settings": .object,
        "context_window_limit": .whole, "max_tokens": .whole, "reasoning": .flag, "parallel_tool_calls": .flag,
        "response_format": .object,
        "message_buffer_autoclear": .flag, "enable_sleeptime": .flag, "timezone": .text, "max_files_open": .whole,
        "per_file_view_window_char_limit": .whole, "hidden": .flag, "project_id": .text, "template_id": .text,
        "base_template_id": .text,
    ]
    private static let createAgent: KeyValuePairs<String, Kind> = [
        "agent_type": .text, "instructions": .text, "memory_blocks": .objects, "memory_variables": .textMap,
        "tools": .texts, "include_base_tools": .flag, "include_multi_agent_tools": .flag,
        "include_base_tool_rules": .flag, "initial_message_sequence": .objects, "embedding_chunk_size": .whole,
        "max_reasoning_tokens": .whole, "enable_reasoner": .flag, "secrets": .textMap,
        "tool_exec_environment_variables": .textMap,
    ]
    private static let updateAgent: KeyValuePairs<String, Kind> = [
        "message_ids": .texts, "last_run_completion": .time, "last_run_duration_ms": .whole, "last_stop_reason": .text,
        "secrets": .secrets, "tool_exec_environment_variables": .secrets,
    ]
    private static let block: KeyValuePairs<String, Kind> = [
        "label": .text, "value": .textOrObject, "limit": .whole, "description": .text, "metadata": .object,
        "read_only": .flag, "tags": .texts, "hidden": .flag, "is_template": .flag, "template_name": .text,
        "preserve_on_migration": .flag, "project_id": .text, "template_id": .text, "base_template_id": .text,
        "deployment_id": .text, "entity_id": .text,
    ]

    private func seed(_ server: TestServer) async throws {
        try await server.run([
            .post("/v1/blocks/", ["label": "human", "value": "Ann"], expect: 200).keep("block"),
            .post("/v1/agents/", ["model": model, "block_ids": ["{block}"], "tags": ["t"]], expect: 200).keep("agent"),
        ])
    }

    @Test(arguments: Engines.scenarios)
    func `every field of a wrong type is named and nothing changes`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let before = try await server.everything()
            let operations: [(HTTPVerb, String, [KeyValuePairs<String, Kind>], JSONObject)] = [
                (.post, "/v1/agents/", [Self.both, Self.createAgent], ["model": model]),
                (.patch, "/v1/agents/{agent}", [Self.both, Self.updateAgent], [:]),
                (.post, "/v1/blocks/", [Self.block], ["label": "x"]),
                (.patch, "/v1/blocks/{block}", [Self.block], [:]),
                (.patch, "/v1/agents/{agent}/core-memory/blocks/human", [Self.block], [:]),
            ]
            for (verb, path, fields, rest) in operations {
                for (name, kind) in fields.flatMap({ Array($0) }) {
                    for value in kind.wrong {
                        var body = rest
                        body[name] = value
                        let answer = try await server.send(verb, path, .object(body))
                        #expect(
                            answer.names(name), "\(verb) \(path) \(body): \(answer.status) \(answer.text.prefix(300))")
                    }
                }
            }
            #expect(try await server.everything() == before)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `texts that are no JSON or another one`(_ engine: TestEngine) async throws {
        let deep = String(repeating: "[", count: 100_000)
        let deepObject = String(repeating: #"{"a":"#, count: 5_000) + "1" + String(repeating: "}", count: 5_000)
        let bodies: [(String, status: Int)] = [
            ("", 422), ("{", 422), ("}", 422), ("nul", 422), ("null", 422), ("[]", 422), ("5", 422), (#""x""#, 422),
            (#"{"label": }"#, 422), (#"{"label": "x",}"#, 422), (#"{'label': 'x'}"#, 422), (#"{"label": "x"} y"#, 422),
            (#"{"label": "\x"}"#, 422), (#"{"label": NaN}"#, 422), (#"{"label": 01}"#, 422), ("\u{FEFF}{}", 422),
            (deep, 422), (#"{"label": "x", "metadata": \#(deepObject)}"#, 422), (#"{"metadata": \#(deep)"#, 422),
            (#"{"limit": 1e999}"#, 422), (#"{"limit": 123456789012345678901234567890}"#, 422),
            (#"{"limit": -9223372036854775808}"#, 422),
        ]
        try await withServer(on: engine) { server in
            try await seed(server)
            let before = try await server.everything()
            for (text, status) in bodies {
                for (verb, path) in [
                    (HTTPVerb.post, "/v1/blocks/"), (.patch, "/v1/blocks/{block}"), (.post, "/v1/agents/"),
                    (.patch, "/v1/agents/{agent}"), (.post, "/v1/agents/search"),
                ] {
                    let answer = try await server.send(verb, path, bytes: Array(text.utf8))
                    let isLimit = text.contains("limit")
                    if isLimit && path.hasPrefix("/v1/agents") && !path.hasSuffix("search") {
                        #expect(answer.status < 500, "\(verb) \(path) \(text.prefix(80))")
                    } else {
                        #expect(
                            answer.status == status, "\(verb) \(path) \(text.prefix(80)): \(answer.text.prefix(300))")
                    }
                }
            }
            let invalid = try await server.send(
                .post, "/v1/blocks/", bytes: Array(#"{"label":""#.utf8) + [0xff, 0xfe] + Array("\"}".utf8))
            #expect(invalid.status == 422)
            let after = try await server.everything()
            #expect(
                after.map { $0.replacing(/"updated_at":"[^"]*"/, with: "") }
                    == before.map { $0.replacing(/"updated_at":"[^"]*"/, with: "") })
        }
    }

    @Test(arguments: Engines.all)
    func `unusual texts are kept as far as they can be`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let nul = try await server.send(
                .post, "/v1/blocks/", bytes: Array(#"{"label":"a\u0000b","value":"\u0000"}"#.utf8))
            #expect(nul.json.differences(from: ["label": "ab", "value": ""]) == [])
            let lone = try await server.send(
                .post, "/v1/blocks/", bytes: Array(#"{"label":"x","value":"\ud800"}"#.utf8))
            #expect(lone.json["value"] == "\u{FFFD}", "half a pair has no bytes of its own")
            let pair = try await server.send(
                .post, "/v1/blocks/", bytes: Array(#"{"label":"x","value":"\ud83d\ude00"}"#.utf8))
            #expect(pair.json["value"] == "😀")
            let odd = "a\u{301}\u{7f}\u{2028}\u{202e}\\\"\t\n\r\u{1}\u{FFFD}\u{10FFFF}"
            server["odd"] = try await server.newBlock("x", odd)
            try await server.restart()
            #expect(try await server.get("/v1/blocks/{odd}").json["value"] == .string(odd))
        }
    }

    @Test(arguments: Engines.all)
    func `large texts`(_ engine: TestEngine) async throws {
        let large = JSONValue.string(String(repeating: "ä", count: 1_000_000))
        try await withServer(on: engine) { server in
            try await seed(server)
            let before = try await server.everything()
            try await server.run([
                .post("/v1/blocks/", ["label": "x", "value": large], expect: 422).field("value"),
                .patch("/v1/blocks/{block}", ["value": large], expect: 422).field("value"),
                .post("/v1/blocks/", ["label": large], expect: 422).field("label"),
                .patch("/v1/blocks/{block}", ["label": large], expect: 422).field("label"),
                .patch("/v1/blocks/{block}", ["tags": [large]], expect: 422).field("tags"),
                .post("/v1/agents/", ["model": large], expect: 400),
                .post("/v1/agents/", ["model": model, "timezone": large], expect: 422).field("timezone"),
                .post("/v1/agents/", ["model": model, "name": large], expect: 422).field("name"),
                .post("/v1/agents/", ["model": model, "tags": [large]], expect: 422).field("tags"),
                .post("/v1/agents/", ["model": model, "tools": [large]], expect: 400),
                .patch("/v1/agents/{agent}", ["tags": [large]], expect: 422).field("tags"),
            ])
            #expect(try await server.everything() == before)
            let key = JSONValue.string(randomText(2_000))
            try await server.run([
                .post("/v1/blocks/", ["label": "x", "value": large, "limit": 2_000_000], expect: 200).keep("large"),
                .get("/v1/blocks/{large}", expect: 200, ["value": large]),
                .post("/v1/blocks/", ["label": key, "tags": [key], "metadata": ["k": large]], expect: 200).keep("key"),
                .post(
                    "/v1/agents/",
                    [
                        "model": model, "name": key, "system": large, "tags": [key], "secrets": [key.string ?? "": "v"],
                        "block_ids": ["{key}"],
                    ],
                    expect: 200, ["name": key, "tags": [key]]
                ).note("the longest keys still fit"),
            ])
            let tooLarge = [UInt8](repeating: UInt8(ascii: " "), count: 33 << 20)
            #expect(try await server.send(.post, "/v1/blocks/", bytes: tooLarge).status == 413)
        }
    }

    /// Text that no index can make shorter.
    private func randomText(_ count: Int) -> String {
        String(
            (0..<count).compactMap { _ in
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-".randomElement()
            })
    }

    /// PostgreSQL binds no more than 65,535 values in one statement.
    @Test(arguments: Engines.all)
    func `long lists`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let before = try await server.everything()
            let ids: JSONValue = .array((0..<66_000).map { .string("tool-\($0)") })
            try await server.run([
                .post("/v1/agents/", ["model": model, "tools": ids], expect: 400),
                .patch("/v1/agents/{agent}", ["tool_ids": ids], expect: 400),
                .patch("/v1/agents/{agent}", ["message_ids": ids], expect: 422).field("message_ids"),
                .post(
                    "/v1/agents/search", ["search": [["field": "tags", "operator": "contains", "value": ids]]],
                    expect: 422
                ).field("search"),
            ])
            #expect(try await server.everything() == before)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `nesting is kept up to a depth and refused beyond`(_ engine: TestEngine) async throws {
        func nested(_ depth: Int) -> JSONValue {
            (0..<depth).reduce(["end": 1]) { inner, _ in ["a": inner] }
        }
        try await scenarios(
            on: engine,
            [
                .post("/v1/blocks/", ["label": "x", "metadata": nested(200)], expect: 200, ["metadata": nested(200)])
                    .keep("b"),
                .get("/v1/blocks/{b}", expect: 200, ["metadata": nested(200)]),
                .post(
                    "/v1/agents/", ["model": model, "metadata": nested(200)], expect: 200, ["metadata": nested(200)]),
                .post("/v1/blocks/", ["label": "x", "metadata": nested(1500)], expect: 422),
            ])
    }
}
