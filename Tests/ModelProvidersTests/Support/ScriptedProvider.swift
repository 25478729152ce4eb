import ModelProviders
import Synchronization

/// A provider whose model list is what a test says, call by call.
final class ScriptedProvider: ModelProvider {
    typealias Answer = @Sendable (_ call: Int) async throws(ProviderFailure) -> [ModelDescription]

    let settings: ProviderSettings
    private let answer: Answer
    private let count = Mutex(0)

    init(_ name: String = "openai", answer: @escaping Answer) {
        settings = ProviderSettings(name: name, baseURL: "http://127.0.0.1:1/v1")
        self.answer = answer
    }

    /// One that always offers the same language models.
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

/// Lets waiting tasks go on when a test says so, and tells the test when they wait.
final class Gate: Sendable {
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let opening: AsyncStream<Void>
    private let open: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrived) = AsyncStream.makeStream()
        (opening, open) = AsyncStream.makeStream()
    }

    /// Waits until the gate opens; throws when the task is cancelled first.
    func pass() async throws(ProviderFailure) {
        arrived.yield()
        for await _ in opening { return }
        if Task.isCancelled { throw ProviderFailure(.cancelled, message: "cancelled") }
    }

    func waitForArrival() async {
        for await _ in arrivals { return }
    }

    func openForAll() {
        open.finish()
    }
}
