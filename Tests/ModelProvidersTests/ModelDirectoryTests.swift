import ModelProviders
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModelDirectoryTests {
    private let clock = ManualClock()
    private let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")

    private func directory(_ providers: any ModelProvider...) -> ModelDirectory {
        ModelDirectory(providers: providers, clock: clock)
    }

    /// A provider that accepts every call and answers when the gate opens.
    private func hanging(at gate: Gate, from firstCall: Int = 1, prefixes: [String] = ["slow"]) -> ScriptedProvider {
        ScriptedProvider("hanging", prefixes: prefixes) { [settings] call throws(ProviderFailure) in
            if call >= firstCall { try await gate.pass() }
            return [languageModel("model-of-call-\(call)", settings)]
        }
    }

    // MARK: Listings

    @Test func `all providers are listed in their order`() async {
        let listing = await directory(ScriptedProvider("one", models: "b", "a"), ScriptedProvider("two", models: "c"))
            .models()
        #expect(listing.models.map(\.name) == ["b", "a", "c"])
        #expect(listing.models.map(\.providerName) == ["one", "one", "two"])
        #expect(listing.failures.isEmpty)
    }

    @Test func `a provider that fails hides no other`() async {
        let failure = ProviderFailure(.authentication, status: 401, message: "wrong key")
        let broken = ScriptedProvider("broken") { _ throws(ProviderFailure) in throw failure }
        let listing = await directory(broken, ScriptedProvider("good", models: "a")).models()
        #expect(listing.models.map(\.name) == ["a"])
        #expect(listing.failures.map(\.providerName) == ["broken"])
        #expect(listing.failures.map(\.reason) == [failure])
    }

    @Test func `a provider that never answers delays the first listing until the deadline, and no later one`()
        async throws
    {
        let gate = Gate()
        let provider = hanging(at: gate)
        let directory = directory(ScriptedProvider("good", models: "a"), provider)
        _ = try await directory.resolve(handle: "openai-proxy/a")
        // From here on only the provider that hangs has a deadline.
        async let first = directory.models()
        await gate.waitForArrival()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(5))
        #expect(await first.models.map(\.name) == ["a"])
        #expect(await first.failures.map(\.providerName) == ["hanging"])
        #expect(await first.failures.first?.reason.kind == .timeout)
        #expect(await directory.models().models.map(\.name) == ["a"])
        #expect(provider.calls == 1, "it is not retried at once")
        clock.advance(by: .seconds(10))
        // Returns although nothing ends the retry.
        #expect(await directory.models().models.map(\.name) == ["a"])
        await gate.waitForArrival()
        #expect(provider.calls == 2)
        await directory.close()
    }

    @Test func `a stale listing is served at once while its provider is refreshed`() async {
        let gate = Gate()
        let provider = hanging(at: gate, from: 2)
        let directory = directory(provider)
        _ = await directory.models()
        clock.advance(by: .seconds(299))
        _ = await directory.models()
        #expect(provider.calls == 1)
        clock.advance(by: .seconds(1))
        for _ in 0..<3 { #expect(await directory.models().models.map(\.name) == ["model-of-call-1"]) }
        await gate.waitForArrival()
        #expect(provider.calls == 2, "one refresh at a time")
        gate.openForAll()
        // An unknown handle of the provider waits for the refresh under way.
        await #expect(throws: HandleFailure.self) { try await directory.resolve(handle: "slow/x") }
        #expect(await directory.models().models.map(\.name) == ["model-of-call-2"])
        #expect(provider.calls == 2)
    }

    @Test func `a failed refresh keeps the last good listing and is retried after ten seconds`() async {
        let provider = ScriptedProvider { [settings] call throws(ProviderFailure) in
            guard call != 2 else { throw ProviderFailure(.server, status: 500, message: "down") }
            return [languageModel("model-of-call-\(call)", settings)]
        }
        let directory = directory(provider)
        _ = await directory.models()
        clock.advance(by: .seconds(300))
        await #expect(throws: HandleFailure.self) { try await directory.resolve(handle: "openai/x") }
        let whileDown = await directory.models()
        #expect(whileDown.models.map(\.name) == ["model-of-call-1"])
        #expect(whileDown.failures.first?.reason.kind == .server)
        clock.advance(by: .seconds(9))
        _ = await directory.models()
        #expect(provider.calls == 2)
        clock.advance(by: .seconds(1))
        await #expect(throws: HandleFailure.self) { try await directory.resolve(handle: "openai/x") }
        let after = await directory.models()
        #expect(after.models.map(\.name) == ["model-of-call-3"])
        #expect(after.failures.isEmpty)
    }

    @Test func `a provider that refused its first listing is asked again by the next one that is due`() async {
        let provider = ScriptedProvider { [settings] call throws(ProviderFailure) in
            guard call > 1 else { throw ProviderFailure(.connection, message: "refused") }
            return [languageModel("a", settings)]
        }
        let directory = directory(provider)
        #expect(await directory.models().models.isEmpty)
        clock.advance(by: .seconds(10))
        #expect(await directory.models().models.map(\.name) == ["a"])
    }

    @Test func `concurrent callers share one refresh, and one that is cancelled takes it from no other`() async {
        let gate = Gate()
        let provider = hanging(at: gate)
        let directory = directory(provider)
        let first = Task { await directory.models() }
        await gate.waitForArrival()
        async let second = directory.models()
        first.cancel()
        let partial = await first.value
        #expect(partial.models.isEmpty && partial.failures.isEmpty, "it returns at once")
        gate.openForAll()
        #expect(await second.models.map(\.name) == ["model-of-call-1"])
        #expect(provider.calls == 1)
    }

    @Test func `a refresh is recorded before whoever waits for it goes on`() async {
        let provider = ScriptedProvider { [settings] call throws(ProviderFailure) in
            guard call != 2 else { throw ProviderFailure(.server, status: 500, message: "down") }
            return [languageModel("model-of-call-\(call)", settings)]
        }
        let records = Mutex<[String]>([])
        let directory = ModelDirectory(providers: [provider], clock: clock) { result in
            let record = (try? result.get().map(\.name).joined()) ?? "failed"
            records.withLock { $0.append(record) }
        }
        for _ in 0..<2 { await directory.refresh() }
        #expect(records.withLock { $0 } == ["model-of-call-1", "failed"], "fresh or not")
        await directory.refreshDue()
        #expect(provider.calls == 2, "it was refreshed just now")
        clock.advance(by: .seconds(10))
        await directory.refreshDue()
        #expect(records.withLock { $0.count } == 3)
    }

    // MARK: Handles

    @Test func `a handle names a model, or the failure says which are known`() async throws {
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

    @Test func `a handle waits for the provider that its prefix names and for no other`() async throws {
        let gate = Gate()
        let slow = hanging(at: gate)
        let directory = directory(slow, ScriptedProvider("good", models: "a"))
        #expect(try await directory.resolve(handle: "openai-proxy/a").name == "a")
        #expect(slow.calls == 0)
        let resolving = Task { try await directory.resolve(handle: "slow/nope") }
        await gate.waitForArrival()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(5))
        await #expect(throws: HandleFailure.unknown(handle: "slow/nope", known: ["openai-proxy/a"])) {
            _ = try await resolving.value
        }
    }

    @Test func `an unknown handle refreshes its provider at most every ten seconds`() async throws {
        let provider = ScriptedProvider { [settings] call in (1...call).map { languageModel("model-\($0)", settings) } }
        let directory = directory(provider)
        for _ in 0..<5 {
            await #expect(throws: HandleFailure.self) { try await directory.resolve(handle: "openai/model-2") }
        }
        #expect(provider.calls == 1)
        clock.advance(by: .seconds(10))
        #expect(try await directory.resolve(handle: "openai/model-2").name == "model-2")
        #expect(provider.calls == 2)
    }

    // MARK: Background

    @Test func `a refresh in the background concerns one provider and is not waited for`() async {
        let gate = Gate()
        let (slow, other) = (hanging(at: gate), ScriptedProvider("other", models: "a"))
        let directory = directory(slow, other)
        for _ in 0..<3 { await directory.refreshStale(named: "hanging") }
        await gate.waitForArrival()
        #expect(slow.calls == 1)
        #expect(other.calls == 0)
        await directory.close()
    }

    @Test func `closing ends the refreshes under way and starts no further ones`() async {
        let gate = Gate()
        let provider = hanging(at: gate)
        let directory = directory(provider)
        async let listing = directory.models()
        await gate.waitForArrival()
        await directory.close()
        #expect(await listing.models.isEmpty)
        clock.advance(by: .seconds(600))
        #expect(await directory.models().models.isEmpty)
        #expect(provider.calls == 1)
    }
}
