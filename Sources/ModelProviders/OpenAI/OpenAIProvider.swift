import AsyncHTTPClient
import EventStreams
import JSON
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// OpenAI, or any server with an OpenAI-compatible chat completions API.
package final class OpenAIProvider: ModelProvider {
    package let settings: ProviderSettings
    let calls: ProviderCalls
    let addresses: OpenAIAddresses
    private let learned: LearnedServices
    /// Learned from the model listing: answers do not tell.
    private let listed = Mutex(OpenAIModelTraits())

    private static let embeddingBatchSize = 128

    package init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines = ProviderDeadlines(),
        retries: RetryPolicy = RetryPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.settings = settings
        addresses = OpenAIAddresses(settings: settings)
        learned = transport.learned
        calls = ProviderCalls(
            settings: settings, transport: transport, deadlines: deadlines, retries: retries, clock: clock)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let document = try await calls.document(request(.GET, addresses.models), within: calls.deadlines.firstByte)
        var traits = OpenAIModelTraits(document)
        var served: Int?
        if traits.isLlamaServer {
            // The capabilities of the chat template. Optional: without them the defaults apply.
            let properties = try? await calls.document(
                request(.GET, addresses.beside("/props")), within: calls.deadlines.firstByte)
            traits.read(properties: properties)
            served = properties?["default_generation_settings"]?["n_ctx"]?.tokenCount
        }
        listed.withLock { [traits] in $0 = traits }
        var listing = OpenAIModelListing(settings: settings)
        listing.servedWindow = served
        if settings.service == "lmstudio_openai" {
            // LM Studio's own listing tells the windows. Older versions have none.
            listing.details = try? await calls.document(
                request(.GET, addresses.beside("/api/v0/models")), within: calls.deadlines.firstByte)
        }
        return try listing.models(from: document).map { model in
            guard let dimensions = facts(of: model.name).embeddingDimensions else { return model }
            var model = model
            model.embeddingDimensions = dimensions
            model.isGuessedDimensions = false
            return model
        }
    }

    package func traits(of model: String) -> ModelTraits {
        isOfficial || settings.kind == .azure ? ModelTraits() : listed.withLock { $0.traits(of: model) }
    }

    package func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? {
        var request = ModelRequest(model: model, messages: [.user([.text("Say: ok")])])
        request.maxOutputTokens = 16
        _ = try await complete(request)
        return OpenAIModelListing(settings: settings).unlisted(model)
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        DeltaStream<OpenAIEventDecoder>(
            calls: calls, request: chatRequest(request, streaming: true)
        ) { [self] failure in
            await adapts(to: failure, of: request, streaming: true) ? chatRequest(request, streaming: true) : nil
        }
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        try await calls.retrying { () async throws(ProviderFailure) -> ModelAnswer in
            while true {
                do throws(ProviderFailure) {
                    let wire = chatRequest(request, streaming: false)
                    return try Self.answer(from: await calls.document(wire, within: calls.deadlines.answer))
                } catch {
                    guard await adapts(to: error, of: request, streaming: false) else { throw error }
                }
            }
        }
    }

    static func answer(from document: JSONValue) throws(ProviderFailure) -> ModelAnswer {
        document["object"]?.string == "response"
            ? try ResponsesAnswerReader.answer(from: document) : try OpenAIAnswerReader.answer(from: document)
    }

    /// Azure's batches are another interface.
    package func batches(of model: String) -> (any ModelBatches)? {
        guard settings.kind != .azure, !facts(of: model).adaptations.contains(.batches) else { return nil }
        return OpenAIBatches(
            provider: self, model: model, route: usesResponses(model) ? "/responses" : "/chat/completions")
    }

    // MARK: What is learned

    func learn(_ adaptation: ServiceAdaptation, of model: String) async {
        await learned.learn(of: key(of: model)) { $0.adaptations.insert(adaptation) }
    }

    private func key(of model: String) -> LearnedServices.Key {
        LearnedServices.Key(address: settings.baseURL, model: model)
    }

    private func facts(of model: String) -> LearnedServices.Facts { learned.facts(of: key(of: model)) }

    private func adaptations(for model: String) -> Set<ServiceAdaptation> {
        facts(of: model).adaptations.union(ServiceProfile.named(settings.service)?.adaptations ?? [])
    }

    /// Learns from a refusal. False when there is nothing in the request that could be spared.
    private func adapts(
        to failure: ProviderFailure, of request: ModelRequest, streaming: Bool
    ) async -> Bool {
        let known = adaptations(for: request.model)
        let body = body(of: request, streaming: streaming)
        guard let next = known.answering(failure, toRequestWith: body.spareNames) else { return false }
        Logger.current.notice(
            "A model service refuses a field, which is not sent to it any more",
            metadata: [
                "provider.name": "\(settings.name)", "model": "\(request.model)", "adaptation": "\(next.rawValue)",
            ])
        await learn(next, of: request.model)
        return true
    }

    // MARK: Embeddings

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for start in stride(from: 0, to: texts.count, by: Self.embeddingBatchSize) {
            let batch = texts[start..<min(start + Self.embeddingBatchSize, texts.count)]
            let wire = request(
                .POST, addresses.route("/embeddings", model: model),
                body: JSONWriter.bytes(
                    of: [
                        "input": .array(batch.map { .string($0) }), "model": .string(model), "encoding_format": "float",
                    ] as JSONValue))
            vectors += try await calls.retrying { () async throws(ProviderFailure) -> [[Float]] in
                let document = try await calls.document(wire, within: calls.deadlines.answer)
                return try OpenAIEmbeddingReader.vectors(from: document, count: batch.count)
            }
        }
        try EmbeddingRows.check(vectors)
        if let dimensions = vectors.first?.count, facts(of: model).embeddingDimensions != dimensions {
            await learned.learn(of: key(of: model)) { $0.embeddingDimensions = dimensions }
        }
        return vectors
    }

    /// Those of OpenAI's own service, and of all others that stand in its place.
    package var handlePrefixes: [String] {
        settings.service == "openai" && settings.category == .base ? OpenAIModelListing.handlePrefixes : [settings.name]
    }

    private var isOfficial: Bool { settings.baseURL == OpenAIModelListing.officialBaseURL }

    // MARK: Requests

    /// Whether a model is called through the Responses API: where the configuration says so, for OpenAI's own reasoning
    /// models, whose reasoning goes on between steps only there, and where a service serves it nowhere else.
    private func usesResponses(_ model: String) -> Bool {
        settings.kind == .responses || isOfficial && OpenAIKnownModels.isReasoning(model)
            || facts(of: model).adaptations.contains(.responses)
    }

    private func body(of request: ModelRequest, streaming: Bool) -> OpenAIRequestBody {
        let dialect = OpenAIRequestBody.Dialect(
            isOfficial: isOfficial, isLlamaServer: listed.withLock { $0.isLlamaServer },
            adaptations: adaptations(for: request.model))
        return OpenAIRequestBody(request: request, dialect: dialect, streaming: streaming)
    }

    private func chatRequest(_ request: ModelRequest, streaming: Bool) -> HTTPClientRequest {
        let path = usesResponses(request.model) ? "/responses" : "/chat/completions"
        return self.request(
            .POST, addresses.route(path, model: request.model), body: bytes(of: request, streaming: streaming))
    }

    /// The body of a request that is answered at once.
    func body(of request: ModelRequest) -> [UInt8] { bytes(of: request, streaming: false) }

    private func bytes(of request: ModelRequest, streaming: Bool) -> [UInt8] {
        guard usesResponses(request.model) else {
            return JSONWriter.bytes(of: body(of: request, streaming: streaming))
        }
        return JSONWriter.bytes(
            of: ResponsesRequestBody(
                request: request, adaptations: adaptations(for: request.model), streaming: streaming))
    }

    func request(_ method: HTTPMethod, _ url: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        var request = calls.request(method, url, body: body)
        addresses.authorize(&request)
        return request
    }
}

/// Parses the response of `POST /embeddings`.
enum OpenAIEmbeddingReader {
    static func vectors(from document: JSONValue, count: Int) throws(ProviderFailure) -> [[Float]] {
        guard let items = document["data"]?.array, items.count == count else {
            throw ProviderFailure(.invalidAnswer, message: "The provider did not return one vector for each text.")
        }
        var vectors = [[Float]](repeating: [], count: count)
        for (position, item) in items.enumerated() {
            let index = item["index"]?.int.map { Int($0) } ?? position
            let numbers = item["embedding"]?.array ?? []
            let vector = numbers.compactMap { $0.double.map { Float($0) } }
            guard vectors.indices.contains(index), vectors[index].isEmpty, !vector.isEmpty,
                vector.count == numbers.count, vector.allSatisfy(\.isFinite)
            else { throw ProviderFailure(.invalidAnswer, message: "The provider returned an invalid vector.") }
            vectors[index] = vector
        }
        return vectors
    }
}
