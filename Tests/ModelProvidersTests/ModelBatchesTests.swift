import JSON
import ModelProviders
import TestSupport
import Testing

/// The batch interfaces of services, as far as scenarios don't show them.
@Suite(.timeLimit(.minutes(5))) struct ModelBatchesTests {
    @Test func `which formats have batches`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            #expect(fake.client(.anthropic).batches(of: "m")?.route == "/messages")
            #expect(fake.client(.openAI).batches(of: "m")?.route == "/chat/completions")
            #expect(fake.client(.responses).batches(of: "m")?.route == "/responses")
            for kind in [ProviderKind.azure, .google, .ollama] {
                #expect(fake.client(kind).batches(of: "m") == nil, "\(kind)")
            }
        }
    }

    @Test func `a service that has no batches for a model may have them for another one`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            for kind in [ProviderKind.anthropic, .openAI] {
                let provider = fake.client(kind)
                await provider.batches(of: "m")?.noteMissing()
                #expect(provider.batches(of: "m") == nil && provider.batches(of: "n") != nil)
            }
        }
    }

    /// 2026-11-30 06:00 UTC.
    private static let start: Int64 = 1_796_018_400

    @Test(arguments: [
        (#"{"id": "b", "created_at": "2026-11-30T06:00:01.5+00:00", "request_counts": {"a": 1, "b": 1}}"#, true),
        (#"{"id": "b", "created_at": "2026-11-30T05:50:00Z", "request_counts": {"processing": 2}}"#, false),
        (#"{"id": "b", "created_at": "2026-11-30T06:00:01Z", "request_counts": {"processing": 3}}"#, false),
        (#"{"id": "known", "created_at": "2026-11-30T06:00:01Z", "request_counts": {"processing": 2}}"#, false),
        (#"{"id": "b", "created_at": "soon", "request_counts": {"processing": 2}}"#, false), (#"{}"#, false),
    ])
    func `Anthropic's batch is known by its size and time`(_ batch: String, _ isFound: Bool) async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            fake.answer(["/messages/batches": #"{"data": [\#(batch)]}"#])
            let batches = try #require(fake.client(.anthropic).batches(of: "m"))
            let found = try await batches.find("name", of: 2, since: Self.start, besides: ["known"])
            #expect(found == (isFound ? FoundBatch(id: "b", isCertain: false) : nil))
        }
    }

    @Test func `OpenAI's batch is known by its name`() async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            fake.answer([
                "/batches": #"""
                {"data": [{"id": "other", "metadata": {"letta_batch": "x"}}, {"id": "bare", "metadata": null},
                    {"id": "refused", "status": "failed", "metadata": {"letta_batch": "name"}},
                    {"id": "own", "status": "validating", "metadata": {"letta_batch": "name"}}]}
                """#
            ])
            let batches = try #require(fake.client(.openAI).batches(of: "m"))
            let found = try await batches.find("name", of: 2, since: 0, besides: [])
            #expect(found == FoundBatch(id: "own", isCertain: true))
            #expect(try await batches.find("name", of: 2, since: 0, besides: ["own"]) == nil)
        }
    }

    @Test(arguments: [
        (ProviderKind.anthropic, #"{"custom_id": "a", "result": {"type": "succeeded", "message": {"x": 1}}}"#, true),
        (.anthropic, #"{"custom_id": "a", "result": {"type": "expired"}}"#, false),
        (.openAI, #"{"custom_id": "a", "response": {"status_code": 200, "body": {"x": 1}}, "error": null}"#, true),
        (.openAI, #"{"custom_id": "a", "response": {"status_code": 400, "body": {"x": 1}}, "error": null}"#, false),
        (.openAI, #"{"custom_id": "a", "response": null, "error": {"code": "batch_expired"}}"#, false),
    ])
    func `lines of results`(_ kind: ProviderKind, _ line: String, _ isAnswer: Bool) async throws {
        try await FakeOpenAI.serving(.json("{}")) { fake in
            let batches = try #require(fake.client(kind).batches(of: "m"))
            let result = try #require(batches.result(in: Array(line.utf8)))
            #expect(result.id == "a" && result.answer == (isAnswer ? ["x": 1] : nil))
            #expect(batches.result(in: Array("<html>".utf8)) == nil && batches.result(in: Array("{}".utf8)) == nil)
        }
    }
}
