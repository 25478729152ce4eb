import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// What is set while the server runs.
@Suite(.timeLimit(.minutes(3))) struct ServerSettingTests {
    private static let path = "/v1/server/settings"

    @Test(arguments: Engines.all)
    func `models of what names none are set`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .get(
                    Self.path, expect: 200,
                    [
                        "default_model": nil, "default_embedding_model": nil, "trace_retention_days": 7,
                        "trace_max_bytes": 1_073_741_824, "fixed": [],
                    ]),
                .post("/v1/agents/", ["name": "Ada"], expect: 400),
                .patch(Self.path, ["default_model": "openai/nothing"], expect: 404),
                .patch(Self.path, ["default_embedding_model": "openai/nothing"], expect: 400),
                .get(Self.path, expect: 200, ["default_model": nil, "default_embedding_model": nil]),
                .patch(
                    Self.path,
                    ["default_model": LettaServerTests.model, "default_embedding_model": EmbeddingTests.model],
                    expect: 200, ["default_model": LettaServerTests.model, "trace_retention_days": 7]),
            ])
            try await server.restart()
            try await server.run([
                .get(
                    Self.path, expect: 200,
                    ["default_model": LettaServerTests.model, "default_embedding_model": EmbeddingTests.model]),
                .post(
                    "/v1/agents/", ["name": "Ada"], expect: 200,
                    ["model": LettaServerTests.model, "embedding": EmbeddingTests.model]),
                .post(
                    "/v1/folders/", ["name": "Ada"], expect: 200, ["embedding_config": ["handle": EmbeddingTests.model]]
                ),
                .patch(Self.path, ["default_model": nil], expect: 200, ["default_model": nil]),
                .post("/v1/agents/", ["name": "Eve"], expect: 400),
            ])
        }
    }

    @Test func `models that are gone do not stand in the way`() async throws {
        try await withServer(on: .sqlite) { server in
            let gone = ServerDefaults.Chosen(defaultModel: "mine/gone", defaultEmbeddingModel: "mine/gone")
            try await server.storage.write { db in try ServerDefaults.set(gone, db) }
            try await server.run([
                .post(
                    "/v1/agents/", ["name": "Ada", "model": LettaServerTests.model], expect: 200,
                    ["embedding": nil]),
                .post("/v1/folders/", ["name": "Ada"], expect: 200, ["embedding_config": nil]),
                .post("/v1/agents/", ["name": "Eve"], expect: 404),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `how long traces are kept is set`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .patch(Self.path, ["trace_retention_days": 0], expect: 422),
                .patch(Self.path, ["trace_max_bytes": -1], expect: 422),
                .patch(
                    Self.path, ["trace_retention_days": 30, "trace_max_bytes": 1_000], expect: 200,
                    ["trace_retention_days": 30, "trace_max_bytes": 1_000]),
            ])
            try await server.restart()
            try await server.run([
                .get(Self.path, expect: 200, ["trace_retention_days": 30, "trace_max_bytes": 1_000]),
                .patch(
                    Self.path, ["trace_retention_days": nil], expect: 200,
                    ["trace_retention_days": 7, "trace_max_bytes": 1_000]),
            ])
        }
    }

    @Test func `the environment goes before it`() async throws {
        try await withServer(
            on: .sqlite,
            { $0.environment = ["LETTA_TRACE_RETENTION_DAYS": "3", "LETTA_DEFAULT_LLM_HANDLE": "openai/gpt-4.1"] }
        ) { server in
            try await server.run([
                .patch(Self.path, ["trace_retention_days": 30], expect: 409),
                .patch(Self.path, ["default_model": nil], expect: 409),
                .get(
                    Self.path, expect: 200,
                    [
                        "default_model": "openai/gpt-4.1", "trace_retention_days": 3,
                        "fixed": ["default_model", "trace_retention_days"],
                    ]),
            ])
        }
    }

    @Test func `only administrators see it`() async throws {
        try await withServer(on: .sqlite) { server in
            let made = try await server.send(.post, "/v1/api-keys/", ["name": "reader", "scopes": ["read"]])
            let reader = TestCaller.v1.with("Authorization", "Bearer \(try #require(made.json["key"]?.string))")
            try await server.get(Self.path, as: reader).expect(403)
            try await server.send(.patch, Self.path, ["trace_retention_days": 30], as: reader).expect(403)
        }
    }
}
