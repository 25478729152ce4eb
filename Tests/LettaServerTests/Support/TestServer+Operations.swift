import JSON
import LettaAPI
import TestSupport
import Testing

/// What is served, as the server itself describes it, with something behind every route.
extension TestServer {
    struct Operation: CustomStringConvertible {
        var verb: HTTPVerb
        /// With a value for every parameter of the query that has to be there.
        var path: String
        /// The names of the captures; with the pattern of its ids where a capture is one.
        var captures: [(name: String, pattern: String?)]

        var description: String { "\(verb.rawValue) \(path)" }
    }

    func operations() async throws -> [Operation] {
        let document = try await get("/openapi.json").json
        return try #require(document["paths"]?.object).flatMap { path, item in
            (item.object ?? [:]).compactMap { verb, operation in
                HTTPVerb(rawValue: verb.uppercased()).map { verb in
                    let parameters = operation["parameters"]?.array ?? []
                    let captures = parameters.filter { $0["in"] == "path" }.map { parameter in
                        (name: parameter["name"]?.string ?? "", pattern: parameter["schema"]?["pattern"]?.string)
                    }
                    let needed = parameters.filter { $0["in"] == "query" && $0["required"] == true }
                    let query = needed.map { "\($0["name"]?.string ?? "")=x" }.joined(separator: "&")
                    return Operation(
                        verb: verb, path: query.isEmpty ? path : "\(path)?\(query)", captures: captures)
                }
            }
        }
    }

    /// A body that the operation takes.
    static func body(for operation: Operation) -> JSONValue {
        operation.path.hasSuffix("/properties") ? [["key": "k", "value": "v", "type": "string"]] : anyBody
    }

    /// A body that nearly every operation takes: what one needs another ignores.
    private static let anyBody: JSONValue = [
        "requires_approval": true, "input": "Hi.", "label": "x", "model": LettaServerTests.model, "name": "x",
        "text": "x", "passages": [["text": "x"]], "prompt": "Hi.", "identifier_key": "x", "identity_type": "user",
    ]

    /// What nothing can be behind: this server has no jobs, and keeps no spans of runs.
    static let empty: Set<String> = ["/v1/jobs/{job_id}", "/v1/runs/{run_id}/trace"]

    /// Puts something behind every route, and keeps its ids under the names of the captures.
    func seedEverything() async throws {
        try await run([
            .post("/v1/blocks/", ["label": "human", "value": "Ann", "tags": ["t"]], expect: 200).keep("block_id"),
            .post("/v1/_internal_blocks/", ["label": "other", "value": "x"], expect: 200).keep("other"),
            .patch("/v1/blocks/{block_id}", ["value": "Anna", "metadata": ["b": 1, "a": [1.5, nil]]], expect: 200),
            .post(
                "/v1/agents/",
                [
                    "name": "Ada", "model": LettaServerTests.model, "block_ids": ["{block_id}"],
                    "tags": ["one", "two"], "embedding": "openai/text-embedding-3-small",
                    "secrets": ["KEY": "value"],
                    "memory_variables": ["who": "Ann"],
                    "memory_blocks": [["label": "persona", "value": "I am {{who}}."]],
                ], expect: 200
            ).keep("agent_id"),
            .patch("/v1/agents/{agent_id}", ["description": "d", "last_stop_reason": "end_turn"], expect: 200),
        ])
        let memory = try await send(
            .post, "/v1/agents/{agent_id}/archival-memory", ["text": "Ann likes x.", "tags": ["t"]])
        self["memory_id"] = try #require(memory.ids.first, "\(memory.text)")
        self["passage_id"] = self["memory_id"]
        self["archive_id"] = try #require(memory.json[0]?["archive_id"]?.string)
        try await run([
            .post("/v1/identities/", ["identifier_key": "ann", "name": "Ann", "identity_type": "user"], expect: 200)
                .keep("identity_id"),
            .patch("/v1/agents/{agent_id}/identities/attach/{identity_id}", expect: 200),
            .patch("/v1/blocks/{block_id}/identities/attach/{identity_id}", expect: 200),
        ])
        self["block_label"] = "human"
        self["job_id"] = "job-\(nobody)"
        self["tool_name"] = "memory_insert"
        self["tool_id"] = try #require(try await get("/v1/agents/{agent_id}/tools").ids.first)
        let turn = try await send(.post, "/v1/agents/{agent_id}/messages", ["input": "Hi."])
        try #require(turn.status == 200, "\(turn.text)")
        self["run_id"] = try #require(turn.json["messages"]?[0]?["run_id"]?.string)
        self["message_id"] = try #require(turn.json["messages"]?[0]?["id"]?.string)
        self["step_id"] = try #require(turn.json["messages"]?[0]?["step_id"]?.string)
        try await run([
            .post(
                "/v1/groups/",
                ["agent_ids": ["{agent_id}"], "description": "d", "shared_block_ids": ["{block_id}"]], expect: 200
            ).keep("group_id"),
            .post("/v1/conversations/?agent_id={agent_id}", ["isolated_block_labels": ["human"]], expect: 200),
            .post("/v1/conversations/default/fork?agent_id={agent_id}", expect: 200).keep("conversation_id"),
        ])
    }
}
