import JSON
import ModelProviders
import TestSupport
import Testing

/// The formats in which services other than OpenAI's embed texts.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingFormatTests {
    @Test func `Ollama is asked not to cut a text`() async throws {
        let reply = FakeOpenAI.Reply.json(#"{"model": "e", "embeddings": [[1, -2], [3, 4.5]]}"#)
        let refusal = FakeOpenAI.Reply.json(
            #"{"error": "the input length exceeds the context length"}"#, status: 400)
        try await FakeOpenAI.serving(reply, refusal) { fake in
            let provider = fake.client(.ollama)
            let vectors = try await provider.embed(["a", "b"], model: "e")
            #expect(vectors == [[1, -2], [3, 4.5]])
            #expect(fake.received.last?.path == "/api/embed")
            #expect(fake.received.last?.body == ["model": "e", "input": ["a", "b"], "truncate": false])
            let failure = await #expect(throws: ProviderFailure.self) {
                try await provider.embed(["long"], model: "e")
            }
            #expect(failure?.kind == .contextWindowExceeded)
        }
    }

    @Test func `Gemini embeds several texts at once`() async throws {
        let reply = FakeOpenAI.Reply.json(#"{"embeddings": [{"values": [1, -2]}, {"values": [3, 4.5]}]}"#)
        try await FakeOpenAI.serving(reply) { fake in
            let vectors = try await fake.client(.google).embed(["a", "b"], model: "e")
            #expect(vectors == [[1, -2], [3, 4.5]])
            #expect(fake.received.last?.path.hasSuffix("/models/e:batchEmbedContents") == true)
        }
    }

    @Test(arguments: [
        "{}", #"{"embeddings": []}"#, #"{"embeddings": [[1]]}"#, #"{"embeddings": [[1], []]}"#,
        #"{"embeddings": [[1], ["x"]]}"#, #"{"embeddings": [[1], [1, 2]]}"#, #"{"embeddings": [[1], [1e99]]}"#,
        #"{"embeddings": [[1], 5]}"#,
    ])
    func `vectors that can't be right are refused`(_ reply: String) async throws {
        try await FakeOpenAI.serving(.json(reply)) { fake in
            let failure = await #expect(throws: ProviderFailure.self) {
                try await fake.client(.ollama).embed(["a", "b"], model: "e")
            }
            #expect(failure?.kind == .invalidAnswer)
        }
    }
}
