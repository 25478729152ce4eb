import ModelProviders
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ModelDirectoryTests {
    private let clock = ManualClock()

    private func directory(_ providers: any ModelProvider...) -> ModelDirectory {
        ModelDirectory(providers: providers, clock: clock)
    }

    @Test func listsTheModelsOfAllProvidersInTheirOrder() async {
        let listing = await directory(ScriptedProvider("one", models: "b", "a"), ScriptedProvider("two", models: "c"))
            .models()
        #expect(listing.models.map(\.name) == ["b", "a", "c"])
        #expect(listing.models.map(\.providerName) == ["one", "one", "two"])
        #expect(listing.failures.isEmpty)
    }

    @Test func aProviderThatFailsHidesNoOther() async {
        let failure = ProviderFailure(.authentication, status: 401, message: "wrong key")
        let broken = ScriptedProvider("broken") { _ throws(ProviderFailure) in throw failure }
        let listing = await directory(broken, ScriptedProvider("good", models: "a")).models()
        #expect(listing.models.map(\.name) == ["a"])
        #expect(listing.failures.map(\.providerName) == ["broken"])
        #expect(listing.failures.map(\.reason) == [failure])
    }

    @Test func aProviderThatHangsCostsFiveSecondsAndHidesNoOther() async {
        let gate = Gate()
        let hanging = ScriptedProvider("hanging") { _ throws(ProviderFailure) in
            try await gate.pass()
            return []
        }
        let directory = directory(ScriptedProvider("good", models: "a"), hanging)
        async let listing = directory.models()
        await gate.waitForArrival()
        await clock.waitForSleepers(1)
        clock.advance(by: .milliseconds(4_999))
        clock.advance(by: .milliseconds(1))
        #expect(await listing.models.map(\.name) == ["a"])
        #expect(await listing.failures.map(\.providerName) == ["hanging"])
        #expect(await listing.failures.first?.reason.kind == .timeout)
    }

    @Test func anAnswerIsKeptForFiveMinutes() async {
        let provider = ScriptedProvider(models: "a")
        let directory = directory(provider)
        _ = await directory.models()
        clock.advance(by: .seconds(299))
        _ = await directory.models()
        #expect(provider.calls == 1)
        clock.advance(by: .seconds(1))
        _ = await directory.models()
        #expect(provider.calls == 2)
    }

    @Test func aFailureIsKeptForTenSecondsAndTheLastGoodListStays() async {
        let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
        let provider = ScriptedProvider { call throws(ProviderFailure) in
            guard call != 2 else { throw ProviderFailure(.server, status: 500, message: "down") }
            return [languageModel("model-of-call-\(call)", settings)]
        }
        let directory = directory(provider)
        _ = await directory.models()
        clock.advance(by: .seconds(300))
        let whileDown = await directory.models()
        #expect(whileDown.models.map(\.name) == ["model-of-call-1"])
        #expect(whileDown.failures.first?.reason.kind == .server)
        clock.advance(by: .seconds(9))
        _ = await directory.models()
        #expect(provider.calls == 2)
        clock.advance(by: .seconds(1))
        let after = await directory.models()
        #expect(after.models.map(\.name) == ["model-of-call-3"])
        #expect(after.failures.isEmpty)
    }

    @Test func callersAtTheSameTimeShareOneQuestion() async {
        let gate = Gate()
        let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
        let provider = ScriptedProvider { _ throws(ProviderFailure) in
            try await gate.pass()
            return [languageModel("a", settings)]
        }
        let directory = directory(provider)
        await withTaskGroup(of: ModelListing.self) { group in
            for _ in 0..<20 { group.addTask { await directory.models() } }
            await gate.waitForArrival()
            gate.openForAll()
            for await listing in group { #expect(listing.models.map(\.name) == ["a"]) }
        }
        #expect(provider.calls == 1)
    }

    @Test func whenTheCallerThatAsksIsCancelledAnotherTakesOver() async {
        let gate = Gate()
        let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
        let provider = ScriptedProvider { call throws(ProviderFailure) in
            if call == 1 { try await gate.pass() }
            return [languageModel("a", settings)]
        }
        let directory = directory(provider)
        let first = Task { await directory.models() }
        await gate.waitForArrival()
        async let second = directory.models()
        first.cancel()
        #expect(await second.models.map(\.name) == ["a"])
        #expect(await first.value.failures.isEmpty, "a caller that left is no failure of the provider")
        #expect(provider.calls == 2)
    }

    @Test func aHandleNamesAModelOrSaysWhichThereAre() async throws {
        let directory = directory(ScriptedProvider(models: "gpt-4o", "org/model"))
        #expect(try await directory.resolve(handle: "openai-proxy/gpt-4o").name == "gpt-4o")
        #expect(try await directory.resolve(handle: "openai/gpt-4o").handle == "openai-proxy/gpt-4o")
        #expect(try await directory.resolve(handle: "openai/org/model").name == "org/model")
        await #expect(throws: HandleFailure.malformed(handle: "gpt-4o")) {
            try await directory.resolve(handle: "gpt-4o")
        }
        let known = ["openai-proxy/gpt-4o", "openai-proxy/org/model"]
        for handle in ["openai/nope", "other/gpt-4o", "/", "openai-proxy/"] {
            await #expect(throws: HandleFailure.unknown(handle: handle, known: known)) {
                try await directory.resolve(handle: handle)
            }
        }
        await #expect(throws: HandleFailure.unknown(handle: "openai/gpt-4o", known: [])) {
            try await directory.resolve(handle: "openai/gpt-4o", type: .embedding)
        }
    }

    @Test func anUnknownHandleMakesProvidersBeAskedAgainAtMostEveryTenSeconds() async throws {
        let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
        let provider = ScriptedProvider { call in (1...call).map { languageModel("model-\($0)", settings) } }
        let directory = directory(provider)
        #expect(try await directory.resolve(handle: "openai/model-2").name == "model-2", "it came since the first list")
        #expect(provider.calls == 2)
        for _ in 0..<5 {
            await #expect(throws: HandleFailure.self) { try await directory.resolve(handle: "openai/model-3") }
        }
        #expect(provider.calls == 2)
        clock.advance(by: .seconds(10))
        #expect(try await directory.resolve(handle: "openai/model-3").name == "model-3")
        #expect(provider.calls == 3)
    }

    @Test func aDescribedModelLeadsBackToItsProvider() async throws {
        let one = ScriptedProvider("one", models: "a")
        let two = ScriptedProvider("two", models: "b")
        let directory = directory(one, two)
        let model = try await directory.resolve(handle: "openai/b")
        #expect(directory.provider(of: model)?.settings.name == "two")
    }
}
