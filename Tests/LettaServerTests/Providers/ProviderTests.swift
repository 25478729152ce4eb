import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Providers that users configure.
@Suite(.timeLimit(.minutes(2))) struct ProviderTests {
    static let models = #"{"data": [{"id": "llama-3", "max_model_len": 8192}, {"id": "bge-embed"}]}"#
    static let listing = FakeOpenAI.Reply.json(models)

    static func body(_ name: String, _ fake: FakeOpenAI, key: String = "sk-mine") -> JSONValue {
        [
            "name": .string(name), "provider_type": "openai", "api_key": .string(key),
            "base_url": .string(fake.baseURL),
        ]
    }

    // MARK: Rows

    @Test(arguments: Engines.all)
    func `a provider is configured, read, changed and deleted`(_ engine: TestEngine) async throws {
        try await FakeOpenAI.serving(.json("{}"), models: Self.models) { fake in
            try await withServer(on: engine) { server in
                let shown: JSONValue = [
                    "id": .id("provider"), "name": "mine", "provider_type": "openai", "provider_category": "byok",
                    "api_key": nil, "base_url": .string(fake.baseURL), "access_key": nil, "region": nil,
                    "api_version": nil, "organization_id": .id("org"), "updated_at": .text(containing: "Z"),
                    "last_synced": .text(containing: "Z"), "last_error": nil, "api_key_enc": "********",
                    "access_key_enc": nil,
                ]
                try await server.run([
                    .get("/v1/providers/", expect: 200, []),
                    .post("/v1/providers/", Self.body("mine", fake), expect: 200, shown).keep("mine"),
                    .post(
                        "/v1/providers",
                        [
                            "name": "claude", "provider_type": "google_vertex", "api_key": "k", "access_key": "a",
                            "region": "eu", "api_version": "1",
                        ], expect: 200,
                        [
                            "last_synced": nil,
                            "last_error": .text(containing: "can't talk to providers of type google_v"),
                            "region": "eu", "api_version": "1", "access_key_enc": "********",
                        ]
                    ).keep("claude"),
                    .post(
                        "/v1/providers/", Self.body("mine", fake), expect: 409, ["detail": .text(containing: "'mine'")]),
                ])
                let other = try await server.addOrganization()
                try await server.restart()
                try await server.run([
                    .get("/v1/providers/{mine}", expect: 200, shown),
                    .get("/v1/providers/{mine}", as: .legacy, expect: 200, shown),
                    .get("/v1/providers/provider-\(nobody)", expect: 404),
                    .get("/v1/providers/", expect: 200, [["id": "{claude}"], ["id": "{mine}"]]),
                    .get("/v1/providers/?order=asc&after={mine}", expect: 200, [["id": "{claude}"]]),
                    .get("/v1/providers/?name=mine", expect: 200, [["id": "{mine}"]]),
                    .get("/v1/providers/?provider_type=google_vertex", expect: 200, [["id": "{claude}"]]),
                    .get("/v1/providers/?provider_type=zzz", expect: 422).field("provider_type"),
                    .patch(
                        "/v1/providers/{claude}", ["region": nil, "api_version": "2", "access_key": ""], expect: 200,
                        ["region": nil, "api_version": "2", "access_key_enc": nil, "api_key_enc": "********"]),
                    .patch("/v1/providers/provider-\(nobody)", ["api_key": "x"], expect: 404),
                    .get("/v1/providers/", as: other, expect: 200, []),
                    .get("/v1/providers/{mine}", as: other, expect: 404),
                    .patch("/v1/providers/{mine}", ["api_key": "x"], as: other, expect: 404),
                    .patch("/v1/providers/{mine}/refresh", as: other, expect: 404),
                    .post("/v1/providers/{mine}/check", as: other, expect: 404),
                    .post("/v1/providers/check-existing?provider_id={mine}", as: other, expect: 404),
                    .delete("/v1/providers/{mine}", as: other, expect: 404),
                    .post("/v1/providers/", Self.body("mine", fake), as: other, expect: 200).note(
                        "names are per organization"),
                ])
                let page = try await server.get("/v1/providers/?limit=1")
                #expect(page[header: "Link"] != nil && page.ids == [server["claude"]])
                try await server.run([
                    .delete(
                        "/v1/providers/{mine}", expect: 200,
                        ["message": "Provider id={mine} successfully deleted"]),
                    .delete("/v1/providers/{mine}", expect: 404),
                    .patch("/v1/providers/{mine}/refresh", expect: 404),
                    .post("/v1/providers/{mine}/check", expect: 404),
                    .post("/v1/providers/", Self.body("mine", fake), expect: 200).note("the name is free again"),
                ])
            }
        }
    }

    @Test func `what can't be a provider is rejected`() async throws {
        func new(_ fields: JSONObject) -> JSONValue {
            var body: JSONObject = ["name": "x", "provider_type": "google_vertex", "api_key": "k"]
            for (field, value) in fields { body[field] = value }
            return .object(body)
        }
        let path = "/v1/providers/"
        try await scenarios(
            on: .sqlite,
            [
                .post(path, new(["provider_type": "zzz"]), expect: 422).field("provider_type"),
                .post(path, ["provider_type": "openai", "api_key": "k"], expect: 422).field("name"),
                .post(path, ["provider_type": "openai", "name": "x"], expect: 422).field("api_key"),
                .post(path, new(["name": ""]), expect: 422).field("name"),
                .post(path, new(["name": "a/b"]), expect: 422).field("name"),
                .post(
                    path, new(["name": "openai"]), expect: 400,
                    [
                        "detail": """
                        Provider name 'openai' conflicts with an existing base provider. Please choose a different name.
                        """
                    ]),
                .post(path, new(["name": "openai-proxy"]), expect: 400).note("begins the handles of a base provider"),
                .post(path, new(["api_key": "********"]), expect: 422).field("api_key"),
                .post(path, new(["api_key": "two\r\nlines: x"]), expect: 422).field("api_key"),
                .post(path, new(["provider_type": "vllm"]), expect: 422).field("base_url").note(
                    "it has no usual address"),
                .post(path, new(["base_url": "letta-local:"]), expect: 422).field("base_url"),
                .post(path, new(["base_url": "http://ann:pass@localhost/v1"]), expect: 422).field("base_url"),
                .get(path, expect: 200, []),
            ])
    }

    @Test func `a rejected body is shown without its keys`() async throws {
        try await withServer(on: .sqlite) { server in
            for fields: JSONObject in [["api_key": "sk-secret"], ["name": "x", "access_key": ["sk-secret"]]] {
                var body: JSONObject = ["provider_type": "openai", "api_key": "k"]
                for (field, value) in fields { body[field] = value }
                let answer = try await server.send(.post, "/v1/providers/", .object(body)).expect(422)
                #expect(!answer.text.contains("sk-secret"), "\(answer.text)")
            }
        }
    }

    @Test func `of deleted providers nothing stays in memory, and memory is bounded`() async throws {
        try await withServer(on: .sqlite) { server in
            let core = Core(
                storage: server.storage, ids: .random, now: { .now }, clock: ContinuousClock(),
                logger: Logger(label: "test"))
            let transport = ProviderTransport()
            let providers = UserProviders(
                core: core, secrets: SecretBox(passphrases: TestServer.encryptionKeys), transport: transport,
                capacity: 2)
            func names() async -> Set<String> { Set(await providers.entries.values.map(\.name)) }
            let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
            for name in ["a", "b", "c"] {
                let body: JSONValue = ["name": .string(name), "provider_type": "anthropic", "api_key": "k"]
                try await server.run(.post("/v1/providers/", body, expect: 200).keep(name))
                _ = try await providers.provider(named: name, as: scope)
                if name == "b" { _ = try await providers.provider(named: "a", as: scope) }
            }
            #expect(await names() == ["a", "c"], "the least recently used one went")
            // As another process deletes it, or while a request that has read the row goes on.
            try await server.run(.delete("/v1/providers/{a}", expect: 200))
            #expect(try await providers.provider(named: "a", as: scope) == nil)
            #expect(await names() == ["c"])
            try await server.run(.delete("/v1/providers/{c}", expect: 200))
            #expect(try await providers.model("c/x", .llm, as: scope) == nil)
            #expect(await names() == [])
            _ = try await providers.provider(named: "b", as: scope)
            try await server.run(.delete("/v1/providers/{b}", expect: 200))
            _ = try await providers.models(as: scope)
            #expect(await names() == [])
            await providers.close()
            try await transport.shutdown()
        }
    }

    @Test func `a key is kept by the mask and by null, and goes to no other address`() async throws {
        try await FakeOpenAI.serving(Self.listing) { fake in
            try await withServer(on: .sqlite) { server in
                let url = JSONValue.string(fake.baseURL)
                try await server.run([
                    .post("/v1/providers/", Self.body("mine", fake), expect: 200).keep("mine"),
                    .patch("/v1/providers/{mine}", ["api_key": "********", "region": "a"], expect: 200),
                    .patch("/v1/providers/{mine}", ["api_key": nil, "region": "b"], expect: 200),
                    .patch("/v1/providers/{mine}", ["base_url": "http://127.0.0.1:9/v1"], expect: 422)
                        .field("base_url"),
                    .patch(
                        "/v1/providers/{mine}", ["base_url": "http://127.0.0.1:9/v1", "api_key": "********"],
                        expect: 422
                    ).field("base_url"),
                    .patch("/v1/providers/{mine}/refresh", expect: 200, ["last_error": nil]),
                    .patch("/v1/providers/{mine}", ["api_key": "sk-two"], expect: 200, ["api_key_enc": "********"]),
                    .patch("/v1/providers/{mine}", ["api_key": ""], expect: 200, ["api_key_enc": nil]),
                    .patch(
                        "/v1/providers/{mine}", ["api_key": "sk-3", "base_url": "http://127.0.0.1:9/v1"], expect: 200,
                        ["base_url": "http://127.0.0.1:9/v1", "last_error": .text(containing: "connection")]),
                    .patch(
                        "/v1/providers/{mine}", ["api_key": "sk-4", "base_url": url], expect: 200, ["last_error": nil]),
                    .patch(
                        "/v1/providers/{mine}", ["api_key": "sk-4", "base_url": "http://127.0.0.1:9/v1"], expect: 200
                    )
                    .note("the same key, sent again"),
                ])
                let keys = fake.received.map { $0.authorization ?? "none" }
                let expected =
                    ["mine", "mine", "mine", "mine", "two"].map { "Bearer sk-\($0)" } + ["none", "Bearer sk-4"]
                #expect(keys == expected)
                #expect(!(try await server.rows()).joined().contains("sk-"))
            }
        }
    }

    @Test func `keys survive the change of the encryption key, and open in their own row alone`() async throws {
        try await FakeOpenAI.serving(Self.listing) { fake in
            try await TestDatabase.with(.sqlite) { database in
                var options = TestServer.Options()
                options.encryptionKeys = ["one"]
                let first = try await TestServer(database, options)
                try await first.send(.post, "/v1/providers/", Self.body("mine", fake)).expect(200)
                await first.close()
                options.encryptionKeys = ["two", "one"]
                await (try TestServer(database, options)).close()
                options.encryptionKeys = ["two"]
                let server = try await TestServer(database, options)
                server["mine"] = try #require(try await server.get("/v1/providers/").ids.first)
                try await server.send(.post, "/v1/providers/{mine}/check").expect(200)
                #expect(fake.received.last?.authorization == "Bearer sk-mine")
                try await server.run([
                    .post("/v1/providers/", Self.body("other", fake, key: "sk-o"), expect: 200).keep("other")
                ])
                try await server.storage.write { [mine = server["mine"], other = server["other"]] db in
                    let sealed: String? = try db.value("SELECT sealed_api_key FROM provider WHERE id = \(mine)")
                    try db.execute("UPDATE provider SET sealed_api_key = \(sealed) WHERE id = \(other)")
                }
                try await server.send(.post, "/v1/providers/{other}/check").expect(
                    400, ["error": ["detail": .text(containing: "can't be decrypted")]])
                #expect(fake.received.last?.authorization == "Bearer sk-o", "the moved key was not sent")
                await server.close()
            }
        }
    }

    @Test func `a listing under earlier settings is not stored`() async throws {
        try await FakeOpenAI.serving(Self.listing) { fake in
            try await withServer(on: .sqlite) { server in
                try await server.run([.post("/v1/providers/", Self.body("mine", fake), expect: 200).keep("mine")])
                let scope = Scope(organization: "org-00000000-0000-4000-8000-000000000000", user: "user")
                let before = try #require(
                    try await server.storage.read(as: scope) { db in try ProviderStore.find("mine", db) })
                try await server.send(.patch, "/v1/providers/{mine}", ["api_key": "sk-two"]).expect(200)
                try await server.storage.write(as: scope) { db in
                    try ProviderStore.setModels([], of: before, at: before.createdAt, db)
                    try ProviderStore.setError("old", of: before, db)
                }
                try await server.run([
                    .get("/v1/providers/{mine}", expect: 200, ["last_error": nil]),
                    .get("/v1/models/?provider_category=byok", expect: 200, .elements(2)),
                ])
            }
        }
    }

    // MARK: Checks

    @Test func `a check says whether the provider can be used`() async throws {
        let wrongKey = FakeOpenAI.Reply.json(#"{"error": {"message": "Wrong key sk-secret."}}"#, status: 401)
        let check = "/v1/providers/check"
        try await FakeOpenAI.serving(Self.listing) { fake in
            try await withServer(on: .sqlite) { server in
                func settings(_ type: String) -> JSONValue {
                    ["provider_type": .string(type), "api_key": "sk-secret", "base_url": .string(fake.baseURL)]
                }
                try await server.run([
                    .post(
                        check, settings("openai"), expect: 200, ["message": "Valid api key for provider_type=openai"]),
                    .post(
                        check, settings("openrouter"), expect: 200, ["message": .text(containing: "key is not checked")]
                    ),
                    .post(
                        check, settings("google_vertex"), expect: 400,
                        ["detail": .text(containing: "of type google_vertex yet")]),
                    .post(check, settings("mistral"), expect: 200),
                    .post(
                        check,
                        ["provider_type": "openai", "api_key": "k", "base_url": "http://127.0.0.1:9"], expect: 500,
                        ["error": ["type": "llm_error"]]),
                    .post("/v1/providers/", Self.body("mine", fake), expect: 200).keep("mine"),
                    .post("/v1/providers/{mine}/check", expect: 200),
                    .post("/v1/providers/check-existing?provider_id={mine}", expect: 200),
                    .post("/v1/providers/check-existing", expect: 422).field("provider_id"),
                ])
                fake.play(wrongKey)
                let refused: JSONValue = [
                    "error": ["type": "llm_authentication", "detail": .text(containing: "Wrong")]
                ]
                let answer = try await server.send(.post, check, settings("openai")).expect(401, refused)
                #expect(!answer.text.contains("sk-secret"))
                try await server.run([
                    .post("/v1/providers/{mine}/check", expect: 401, refused),
                    .get("/v1/providers/{mine}", expect: 200, ["last_error": .text(containing: "Wrong")]),
                ])
            }
        }
    }

    @Test func `every type has an address, wants one, or can't be talked to yet`() {
        for type in ProviderType.allCases {
            let needsOne = [.azure, .bedrock, .huggingFace, .sglang, .vllm].contains(type)
            #expect((type.wellKnownAddress != nil) == (type.isSpoken && !needsOne), "\(type)")
        }
        #expect(ProviderType.ollama.address("http://gpu:11434/") == "http://gpu:11434/v1")
        #expect(ProviderType.vllm.address("http://gpu/api/v1") == "http://gpu/api/v1")
        #expect(ProviderType.openai.address("http://gpu:1") == "http://gpu:1")
        #expect(ProviderType.anthropic.address(nil) == "https://api.anthropic.com/v1")
        #expect(ProviderType.groq.address(nil) == "https://api.groq.com/openai/v1")
        #expect(
            ProviderType.bedrock.address(nil, region: "eu-west-1")
                == "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1")
        #expect(ProviderType.bedrock.address(nil, region: "x.evil.org/#") == nil)
        #expect(ProviderType.allCases.filter { !$0.isSpoken } == [.chatgptOAuth, .googleVertex, .letta])
    }
}
