import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Tools are found by the words of their names, descriptions and tags.
@Suite(.timeLimit(.minutes(2))) struct ToolSearchTests {
    @Test(arguments: Engines.all)
    func `tools are ranked by the words they have`(_ engine: TestEngine) async throws {
        func tool(_ name: String, _ description: JSONValue, _ tags: JSONValue) -> JSONValue {
            [
                "source_code": .string("def \(name)(): pass"), "tags": tags,
                "json_schema": ["name": .string(name), "description": description, "parameters": ["type": "object"]],
            ]
        }
        let path = "/v1/tools/search"
        try await withServer(on: engine) { server in
            try await server.run([
                .put("/v1/tools/", tool("invoice_reader", "Reads a bill.", ["finance"]), expect: 200),
                .put("/v1/tools/", tool("mailer", "Sends invoices by mail.", ["mail"]), expect: 200),
                .put("/v1/tools/", tool("printer", "Prints.", ["mail", "paper"]), expect: 200),
            ])
            try await server.restart()
            let other = try await server.addOrganization()
            func found(_ names: String...) -> JSONValue { .array(names.map { ["tool": ["name": .string($0)]] }) }
            try await server.run([
                .post(
                    path, ["query": "Invoice"], expect: 200,
                    [
                        [
                            "tool": ["name": "invoice_reader", "tool_type": "custom"], "fts_rank": 1,
                            "vector_rank": nil,
                            "combined_score": 1, "embedded_text": nil,
                        ],
                        ["tool": ["name": "mailer"], "fts_rank": 2, "combined_score": 1],
                    ]),
                .post(
                    path, ["query": "mail an invoice", "tool_types": ["custom"]], expect: 200,
                    [
                        ["tool": ["name": "mailer"], "combined_score": .anything],
                        ["tool": ["name": "invoice_reader"]], ["tool": ["name": "printer"]],
                    ]),
                .post(
                    path, ["query": "mail an invoice", "tags": ["paper"], "search_mode": "fts"], expect: 200,
                    found("printer")),
                .post(path, ["query": "mail invoice", "limit": 1], expect: 200, found("mailer")),
                .post(path, ["query": "invoice", "tool_types": ["letta_core"]], expect: 200, []),
                .post(path, ["query": "zzz qqq"], expect: 200, []),
                .post(path, ["query": "?!"], expect: 200, []),
                .post(path, ["tool_types": ["custom"], "limit": 2], expect: 200, found("printer", "mailer")),
                .post(path, ["query": "invoice"], as: other, expect: 200, []),
                .post(path, ["query": "invoice", "tool_types": ["zzz"]], expect: 400),
                .post(path, ["query": "invoice", "limit": 0], expect: 422).field("limit"),
                .post(path, ["query": "invoice", "limit": 101], expect: 422).field("limit"),
            ])
        }
    }
    @Test(arguments: Engines.scenarios)
    func `tools are found by what they do, where an agent has a model`(_ engine: TestEngine) async throws {
        func tool(_ name: String, _ description: JSONValue) -> JSONValue {
            [
                "source_code": .string("def \(name)(): pass"),
                "json_schema": ["name": .string(name), "description": description, "parameters": ["type": "object"]],
            ]
        }
        let path = "/v1/tools/search"
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            try await server.run([
                .put("/v1/tools/", tool("rental", "Rents a car"), expect: 200),
                .put("/v1/tools/", tool("clinic", "Asks a doctor"), expect: 200),
                .post(path, ["query": "vehicle"], expect: 200, []).note("no agent, so no model"),
            ])
            _ = try await server.newAgent("Ada", ["embedding": "openai/text-embedding-3-small"])
            let custom: JSONValue = ["custom"]
            for mode in ["hybrid", "vector"] {
                try await server.run([
                    .post(
                        path, ["query": "vehicle", "tool_types": custom, "search_mode": .string(mode), "limit": 1],
                        expect: 200, [["tool": ["name": "rental"], "vector_rank": 1, "fts_rank": nil]]),
                    .post(
                        path, ["query": "physician", "tool_types": custom, "search_mode": .string(mode), "limit": 1],
                        expect: 200, [["tool": ["name": "clinic"], "vector_rank": 1]]),
                ])
            }
            try await server.run([
                .post(path, ["query": "vehicle", "search_mode": "fts"], expect: 200, []),
                .post(path, ["query": "car doctor", "tool_types": custom, "limit": 1], expect: 200, .elements(1)),
            ])
            server.model.embed { _, _ in .failure(ProviderFailure(.connection, message: "refused")) }
            try await server.run([
                .post(path, ["query": "car"], expect: 200, [["tool": ["name": "rental"], "vector_rank": nil]])
                    .note("words serve")
            ])
        }
    }
}
