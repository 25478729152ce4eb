/// A service that runs models: it lists them, answers requests with them, and turns texts into vectors.
///
/// Every call obeys cancellation by closing its connection, has a deadline, and repeats what may be repeated.
package protocol ModelProvider: Sendable {
    var settings: ProviderSettings { get }

    /// What to expect of one of its models, as far as it is known; costs nothing.
    func traits(of model: String) -> ModelTraits

    /// Asks the provider once, without repeating.
    func listModels() async throws(ProviderFailure) -> [ModelDescription]

    /// Answers piece by piece. The request is sent when the first piece is asked for.
    ///
    /// No more than a few pieces are read ahead, so a slow reader slows the provider. A failure that comes before the
    /// first piece is repeated inside; after it, the stream throws. Dropping the iterator closes the connection.
    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable

    /// Answers in one piece.
    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer

    /// One vector for each text, in the order of the texts, all of the same length.
    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]]
}

extension ModelProvider {
    /// Models call tools as the wire format says, unless a provider knows better.
    package func traits(of model: String) -> ModelTraits { ModelTraits() }
}
