import ModelProviders
import TestSupport
import Testing

/// What a provider knows of its models beyond their names.
@Suite(.timeLimit(.minutes(2))) struct OpenAIModelTraitsTests {
    private static func list(parameters: Int) -> FakeOpenAI.Reply {
        .json(#"{"data": [{"id": "m", "owned_by": "llamacpp", "meta": {"n_params": \#(parameters)}}]}"#)
    }

    @Test func llamaServerTellsTheSizeAndWhetherThereIsAPlaceForTools() async throws {
        let rows: [(Int, String, ModelTraits)] = [
            (
                494_032_768, #"{"chat_template_caps": {"supports_tools": true}}"#,
                ModelTraits(toolCalls: .maybeText, isSmall: true)
            ),
            (
                134_515_008, #"{"chat_template_caps": {"supports_tools": false}}"#,
                ModelTraits(toolCalls: .none, isSmall: true)
            ),
            (8_000_000_000, "{}", ModelTraits(toolCalls: .maybeText)),
        ]
        for (parameters, properties, expected) in rows {
            try await FakeOpenAI.serving(Self.list(parameters: parameters), .json(properties)) { fake in
                let provider = fake.provider()
                _ = try await provider.listModels()
                #expect(provider.traits(of: "m") == expected)
                #expect(fake.received.map(\.path) == ["/v1/models", "/props"])
            }
        }
    }

    @Test func withoutAnAnswerAboutTheTemplateTheModelIsTakenAsItIs() async throws {
        try await FakeOpenAI.serving(Self.list(parameters: 1), .json("{}", status: 404)) { fake in
            let provider = fake.provider()
            let models = try await provider.listModels()
            #expect(models.map(\.name) == ["m"])
            #expect(provider.traits(of: "m") == ModelTraits(toolCalls: .maybeText, isSmall: true))
        }
    }

    @Test func otherServersMayWriteCallsAsTextAndOpenAIDoesNot() async throws {
        try await FakeOpenAI.serving(.json(#"{"data": [{"id": "m"}]}"#)) { fake in
            let provider = fake.provider()
            _ = try await provider.listModels()
            #expect(provider.traits(of: "m") == ModelTraits(toolCalls: .maybeText))
            #expect(fake.received.count == 1)
        }
        let transport = ProviderTransport()
        let official = OpenAIProvider(
            settings: ProviderSettings(name: "openai", baseURL: "https://api.openai.com/v1/"), transport: transport)
        #expect(official.traits(of: "gpt-4o") == ModelTraits())
        try await transport.shutdown()
    }

    @Test func aModelThatTakesNoToolsSaysSo() async throws {
        let refusal = #"{"error": {"message": "registry/gemma:2b does not support tools", "type": "api_error"}}"#
        try await FakeOpenAI.serving(.json(refusal, status: 400)) { fake in
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.provider().complete(OpenAIProviderTests.request)
            }
            #expect(failure?.kind == .toolsNotSupported)
        }
    }
}
