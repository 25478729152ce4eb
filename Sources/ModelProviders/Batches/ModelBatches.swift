package import JSON

/// The batch interface of a service for one of its models: many requests at once, at a lower price, answered within a day.
package protocol ModelBatches: Sendable {
    /// What the service may be asked in one batch together with: the path of the requests.
    var route: String { get }

    /// The request as it is put in a batch. The same request has the same bytes.
    func body(of request: ModelRequest) -> [UInt8]

    /// Makes a batch of requests and returns the service's id of it.
    ///
    /// - Parameter name: this server's own name of the batch, by which the service may find it again.
    func submit(_ requests: [BatchedRequest], as name: String) async throws(ProviderFailure) -> String

    /// The batch that an earlier ``submit(_:as:)`` made whose response never came; nil when there seems to be none.
    ///
    /// - Parameter time: when the first attempt began, in seconds since 1970.
    func find(
        _ name: String, of count: Int, since time: Int64, besides known: Set<String>
    ) async throws(ProviderFailure) -> FoundBatch?

    func progress(of batch: String) async throws(ProviderFailure) -> BatchProgress

    /// Submits a batch again for which there was no room, and returns the service's id of the new one.
    func renew(_ batch: String, as name: String) async throws(ProviderFailure) -> String

    /// The results of a batch that has ended, a line each. Requests that the service has not answered may have none.
    func results(of batch: String) async throws(ProviderFailure) -> [[UInt8]]

    /// What a line of the results says; nil when it says nothing.
    func result(in line: [UInt8]) -> BatchedResult?

    /// The answer in a document of ``BatchedResult/answer``.
    func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer

    func cancel(_ batch: String) async throws(ProviderFailure)

    /// Remembers that the service has no batches for the model.
    func noteMissing() async
}

/// How far a service is with a batch.
package enum BatchProgress: Sendable {
    case running
    /// With success or without.
    case ended
    /// It did not begin, because too much is in the batches before it.
    case noRoom
}

/// A request in a batch.
package struct BatchedRequest: Sendable {
    /// At most 64 letters, digits, hyphens and underscores.
    package var id: String
    package var body: [UInt8]

    package init(id: String, body: [UInt8]) {
        self.id = id
        self.body = body
    }
}

/// A batch that was found again.
package struct FoundBatch: Sendable, Equatable {
    package var id: String
    /// Whether it can be no other one.
    package var isCertain: Bool

    package init(id: String, isCertain: Bool) {
        self.id = id
        self.isCertain = isCertain
    }
}

/// What came of a request in a batch.
package struct BatchedResult: Sendable, Equatable {
    package var id: String
    /// The service's answer, as it sends it to a single request; nil when it has none.
    package var answer: JSONValue?
}

extension ModelBatches {
    package func renew(_ batch: String, as name: String) async throws(ProviderFailure) -> String {
        throw ProviderFailure(.badRequest, message: "The provider does not submit batches again.")
    }
}

extension ModelProvider {
    package func batches(of model: String) -> (any ModelBatches)? { nil }
}

extension ProviderFailure {
    /// Whether the service does not know the route.
    package var saysThereIsNone: Bool { status == 404 || status == 405 || status == 501 }
}
