import EventStreams
import JSON
import LettaAPI
import LocalModels
import ModelProviders
import Synchronization
import TestSupport
import Testing

/// Which provider a turn calls, and what it waits for.
@Suite(.timeLimit(.minutes(5))) struct AgentModelTests {
    /// Answers every request, but lists its models only once: later listings last until they are cancelled.
    private final class ListsOnce: ModelProvider {
        private let models = ScriptedModel()
        private let listings = Mutex((started: 0, ended: 0))

        var settings: ProviderSettings { models.settings }
        var handlePrefixes: [String] { models.handlePrefixes }
        var endedListings: Int { listings.withLock { $0.ended } }

        func listModels() async throws(ProviderFailure) -> [ModelDescription] {
            let isFirst = listings.withLock { listings in
                listings.started += 1
                return listings.started == 1
            }
            if isFirst { return try await models.listModels() }
            do { try await Latch().wait() } catch { listings.withLock { $0.ended += 1 } }
            throw ProviderFailure(.cancelled, message: "cancelled")
        }

        func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
            models.stream(request)
        }

        func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
            try await models.complete(request)
        }

        func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
            try await models.embed(texts, model: model)
        }
    }

    @Test func `a turn does not wait for a listing that never comes`() async throws {
        let provider = ListsOnce()
        try await withServer(on: .sqlite, { $0.provider = provider }) { server in
            let agent = try await server.newAgent()
            try await server.restart()
            try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "ok"]]])
            #expect(provider.endedListings == 0, "its deadline would have ended it")
            try await server.send(.get, "/v1/agents/\(agent)").expect(200)
        }
    }

    /// An agent as it was created while local models were enabled.
    private static let onLocalModel: JSONObject = [
        "model": .null,
        "llm_config": [
            "model": "qwen2.5-coder-0.5b", "handle": "letta-local/qwen2.5-coder-0.5b", "provider_name": "letta-local",
            "model_endpoint_type": "openai", "model_endpoint": "letta-local:", "context_window": 8192,
        ],
    ]

    @Test func `a turn on a local model says that local models are disabled and how to enable them`() async throws {
        try await withServer(on: .sqlite, { $0.provider = LocalModelProvider(runtime: nil) }) { server in
            let agent = try await server.newAgent(Self.onLocalModel)
            let answer = try await server.say("Hi", to: agent)
            answer.expect(400, ["error": ["type": "llm_bad_request"]])
            let detail = answer.json["error"]?["detail"]?.string ?? ""
            #expect(detail.contains("letta-local/qwen2.5-coder-0.5b") && detail.contains("LETTA_LOCAL=on"), "\(detail)")
            let events = try await server.stream("Hi", to: agent)
            #expect(events.contains { $0.json["detail"]?.string?.contains("LETTA_LOCAL=on") == true }, "\(events)")
            try await server.get("/v1/models/").expect(200, [])
        }
    }

    @Test func `a provider is found by its endpoint or by the prefix of a handle`() async throws {
        let provider = ListsOnce()
        try await withServer(on: .sqlite, { $0.provider = provider }) { server in
            let endpoint = provider.settings.baseURL
            for config: JSONObject in [
                ["model_endpoint": .string(endpoint)], ["handle": "openai-proxy/mock"],
                ["provider_name": "renamed", "model_endpoint": .string(endpoint)],
            ] {
                var full: JSONObject = ["model": "mock", "model_endpoint_type": "openai", "context_window": 8192]
                for (key, value) in config { full[key] = value }
                let agent = try await server.newAgent(["model": .null, "llm_config": .object(full)])
                try await server.say("Hi", to: agent).expect(200, ["messages": [["content": "ok"]]])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an embedding model is found by either prefix of OpenAI's`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let listed = "openai/text-embedding-3-small"
            for handle in [listed, "openai-proxy/text-embedding-3-small"] {
                let agent = try await server.newAgent(["embedding": .string(handle)])
                try await server.get("/v1/agents/\(agent)").expect(200, ["embedding": .string(listed)])
            }
        }
    }
}
