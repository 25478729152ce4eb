import AsyncHTTPClient
import JSON
import NIOHTTP1
import Synchronization

/// Ollama through its own API: only there a request says how large the context window is. Through its OpenAI-compatible
/// routes a model runs with the window of the program's configuration, and a longer prompt loses its beginning silently.
package final class OllamaProvider: ModelProvider {
    package let settings: ProviderSettings
    private let calls: ProviderCalls
    /// What the models can do, by their names.
    private let shown = Mutex<[String: OllamaModel]>([:])

    private static let showsAtOnce = 4
    private static let maximumModels = 500
    private static let embeddingBatchSize = 128

    package init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines = ProviderDeadlines(),
        retries: RetryPolicy = RetryPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.settings = settings
        calls = ProviderCalls(
            settings: settings, transport: transport, deadlines: deadlines, retries: retries, clock: clock)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let document = try await calls.document(request(.GET, "/api/tags"), within: calls.deadlines.firstByte)
        guard let entries = document["models"]?.array else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's model list has an unknown format.")
        }
        let names = entries.compactMap { $0["name"]?.nonEmptyString ?? $0["model"]?.nonEmptyString }
        let models = await shown(Array(names.prefix(Self.maximumModels)))
        shown.withLock { $0 = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }
        return models.filter { !$0.isEmbedding }.map { $0.description(of: settings) }
            + models.filter(\.isEmbedding).map { $0.description(of: settings) }
    }

    package func traits(of model: String) -> ModelTraits {
        shown.withLock { $0[model]?.traits } ?? ModelTraits(toolCalls: .maybeText)
    }

    package func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? {
        let shown = try await show(model)
        return shown.description(of: settings)
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        DeltaStream<OllamaLineDecoder>(calls: calls, request: chatRequest(request, streaming: true))
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let wire = chatRequest(request, streaming: false)
        return try await calls.retrying { () async throws(ProviderFailure) -> ModelAnswer in
            var decoder = OllamaLineDecoder()
            var accumulator = ModelDeltaAccumulator()
            let document = try await calls.document(wire, within: calls.deadlines.answer)
            for delta in try decoder.decode(document) { accumulator.add(delta) }
            guard decoder.isFinished else {
                throw ProviderFailure(.invalidAnswer, message: "The provider's answer is not complete.")
            }
            return accumulator.answer
        }
    }

    /// A text that is too long is an error: left to itself the program drops its end silently.
    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        var vectors: [[Float]] = []
        for start in stride(from: 0, to: texts.count, by: Self.embeddingBatchSize) {
            let batch = texts[start..<min(start + Self.embeddingBatchSize, texts.count)]
            let body = JSONWriter.bytes(
                of: [
                    "model": .string(model), "input": .array(batch.map { .string($0) }), "truncate": false,
                ] as JSONValue)
            let wire = request(.POST, "/api/embed", body: body)
            vectors += try await calls.retrying { () async throws(ProviderFailure) -> [[Float]] in
                let document = try await calls.document(wire, within: calls.deadlines.answer)
                return try EmbeddingRows.vectors(document["embeddings"], count: batch.count)
            }
        }
        try EmbeddingRows.check(vectors)
        return vectors
    }

    // MARK: Requests

    /// What the program knows of each model, in their order; what it does not show is listed by its name alone.
    private func shown(_ names: [String]) async -> [OllamaModel] {
        await withTaskGroup(of: (Int, OllamaModel).self) { group in
            var results: [Int: OllamaModel] = [:]
            for (index, name) in names.enumerated() {
                if index >= Self.showsAtOnce, let done = await group.next() { results[done.0] = done.1 }
                group.addTask { (index, (try? await self.show(name)) ?? OllamaModel(name: name, document: .null)) }
            }
            for await (index, model) in group { results[index] = model }
            return names.indices.compactMap { results[$0] }
        }
    }

    private func show(_ name: String) async throws(ProviderFailure) -> OllamaModel {
        let body = JSONWriter.bytes(of: ["model": .string(name)] as JSONValue)
        let document = try await calls.document(
            request(.POST, "/api/show", body: body), within: calls.deadlines.firstByte)
        return OllamaModel(name: name, document: document)
    }

    private func chatRequest(_ request: ModelRequest, streaming: Bool) -> HTTPClientRequest {
        let thinks = shown.withLock { $0[request.model]?.canThink } ?? false
        let body = OllamaRequestBody(request: request, thinks: thinks, streaming: streaming)
        return self.request(.POST, "/api/chat", body: JSONWriter.bytes(of: body))
    }

    private func request(_ method: HTTPMethod, _ path: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        let address = settings.baseURL.hasSuffix("/v1") ? String(settings.baseURL.dropLast(3)) : settings.baseURL
        var request = calls.request(method, address + path, body: body)
        if let key = settings.apiKey { request.headers.add(name: "authorization", value: "Bearer \(key.reveal())") }
        return request
    }
}
