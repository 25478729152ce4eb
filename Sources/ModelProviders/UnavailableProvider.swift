/// Stands for a provider that can't be called at all: every call fails with the reason.
package struct UnavailableProvider: ModelProvider {
    package let settings: ProviderSettings
    private let reason: ProviderFailure

    package init(settings: ProviderSettings, reason: String) {
        self.settings = settings
        self.reason = ProviderFailure(.badRequest, message: reason)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] { throw reason }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        Failing(reason: reason)
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer { throw reason }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] { throw reason }

    private struct Failing: AsyncSequence, AsyncIteratorProtocol {
        let reason: ProviderFailure

        func makeAsyncIterator() -> Failing { self }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? { throw reason }
    }
}
