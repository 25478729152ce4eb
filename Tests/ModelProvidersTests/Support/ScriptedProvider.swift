import EventStreams
import ModelProviders
import Synchronization

/// A provider whose model listing a test scripts call by call.
final class ScriptedProvider: ModelProvider {
    typealias Answer = @Sendable (_ call: Int) async throws(ProviderFailure) -> [ModelDescription]

    let settings: ProviderSettings
    let handlePrefixes: [String]
    private let answer: Answer
    private let count = Mutex(0)

    init(_ name: String = "openai", prefixes: [String] = ["openai", "openai-proxy"], answer: @escaping Answer) {
        handlePrefixes = prefixes
        settings = ProviderSettings(name: name, baseURL: "http://127.0.0.1:1/v1")
        self.answer = answer
    }

    /// A provider that always lists the same language models.
    convenience init(_ name: String = "openai", models: String...) {
        let settings = ProviderSettings(name: name, baseURL: "http://127.0.0.1:1/v1")
        let offered = models.map { languageModel($0, settings) }
        self.init(name) { _ in offered }
    }

    var calls: Int { count.withLock { $0 } }

    func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let call = count.withLock { count in
            count += 1
            return count
        }
        return try await answer(call)
    }

    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        Nothing()
    }

    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        throw ProviderFailure(.badRequest, message: "This provider only lists.")
    }

    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        throw ProviderFailure(.badRequest, message: "This provider only lists.")
    }

    private struct Nothing: AsyncSequence, AsyncIteratorProtocol, Sendable {
        func makeAsyncIterator() -> Nothing { self }
        mutating func next() async throws(ProviderFailure) -> ModelDelta? { nil }
    }
}

func languageModel(_ name: String, _ settings: ProviderSettings) -> ModelDescription {
    ModelDescription(
        handle: "openai-proxy/\(name)", name: name, modelType: .llm, settings: settings, contextWindow: 30_000,
        maxTokens: 16_384)
}

/// Blocks tasks until a test opens it, and reports their arrival.
final class Gate: Sendable {
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let opened = Latch()

    init() {
        (arrivals, arrived) = AsyncStream.makeStream()
    }

    /// Waits until the gate opens; throws when the task is cancelled first.
    func pass() async throws(ProviderFailure) {
        arrived.yield()
        do { try await opened.wait() } catch { throw ProviderFailure(.cancelled, message: "cancelled") }
    }

    func waitForArrival() async {
        for await _ in arrivals { return }
    }

    func openForAll() {
        opened.open()
    }
}
