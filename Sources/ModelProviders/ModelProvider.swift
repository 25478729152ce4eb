/// A service that runs models: it lists them, generates answers, and embeds texts.
///
/// Every call obeys cancellation by closing its connection, has a deadline, and retries what is safe to retry.
package protocol ModelProvider: Sendable {
    var settings: ProviderSettings { get }

    /// What the handles of its models begin with, up to the first slash.
    var handlePrefixes: [String] { get }

    /// What is known of one of its models; no call is made.
    func traits(of model: String) -> ModelTraits

    /// Asks the provider once, without retries.
    func listModels() async throws(ProviderFailure) -> [ModelDescription]

    /// A model that the provider does not list, if the service accepts it; found by calling it.
    func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription?

    /// Streams an answer. The request is sent when the first delta is asked for.
    ///
    /// Only a few deltas are read ahead, so a slow reader slows the provider down. A failure before the first delta is
    /// retried; after it, the stream throws. Dropping the iterator closes the connection.
    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable

    /// Generates an answer without streaming.
    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer

    /// One vector for each text, in the order of the texts, all of the same length.
    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]]

    /// The service's batch interface for a model; nil when there is none, or it was found to be missing.
    func batches(of model: String) -> (any ModelBatches)?
}

extension ModelProvider {
    package var handlePrefixes: [String] { [settings.name] }

    package func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? { nil }

    /// Native tool calls, unless a provider knows better.
    package func traits(of model: String) -> ModelTraits { ModelTraits() }
}
