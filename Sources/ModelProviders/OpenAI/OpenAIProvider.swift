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
    private let calls: ProviderCalls
    /// Learned from the model listing: answers do not tell.
    private let listed = Mutex(OpenAIModelTraits())

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
        let request = request(.GET, "/models")
        let document = try await calls.document(request, within: calls.deadlines.firstByte)
        var traits = OpenAIModelTraits(document)
        if traits.isLlamaServer {
            // The capabilities of the chat template. Optional: without them the defaults apply.
            traits.read(properties: try? await calls.document(properties, within: calls.deadlines.firstByte))
        }
        listed.withLock { [traits] in $0 = traits }
        return try OpenAIModelListing(settings: settings).models(from: document)
    }

    package func traits(of model: String) -> ModelTraits {
        isOfficial ? ModelTraits() : listed.withLock { $0.traits(of: model) }
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        DeltaStream<OpenAIChunkDecoder>(calls: calls, request: chatRequest(request, streaming: true))
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let wire = chatRequest(request, streaming: false)
        return try await calls.retrying { () async throws(ProviderFailure) -> ModelAnswer in
            try OpenAIAnswerReader.answer(from: await calls.document(wire, within: calls.deadlines.answer))
        }
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for start in stride(from: 0, to: texts.count, by: Self.embeddingBatchSize) {
            let batch = texts[start..<min(start + Self.embeddingBatchSize, texts.count)]
            let wire = request(
                .POST, "/embeddings",
                body: JSONWriter.bytes(
                    of: [
                        "input": .array(batch.map { .string($0) }), "model": .string(model), "encoding_format": "float",
                    ] as JSONValue))
            vectors += try await calls.retrying { () async throws(ProviderFailure) -> [[Float]] in
                let document = try await calls.document(wire, within: calls.deadlines.answer)
                return try OpenAIEmbeddingReader.vectors(from: document, count: batch.count)
            }
        }
        guard vectors.allSatisfy({ $0.count == vectors[0].count }) else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's vectors have different lengths.")
        }
        return vectors
    }

    package var handlePrefixes: [String] { OpenAIModelListing.handlePrefixes }

    private var isOfficial: Bool { settings.baseURL == OpenAIModelListing.officialBaseURL }

    /// llama-server's own route, outside `/v1`.
    private var properties: HTTPClientRequest {
        let address = settings.baseURL
        var request = request(.GET, "/props")
        request.url = (address.hasSuffix("/v1") ? String(address.dropLast(3)) : address) + "/props"
        return request
    }

    private func chatRequest(_ request: ModelRequest, streaming: Bool) -> HTTPClientRequest {
        let dialect = OpenAIRequestBody.Dialect(
            isOfficial: isOfficial, isLlamaServer: listed.withLock { $0.isLlamaServer })
        let body = OpenAIRequestBody(request: request, dialect: dialect, streaming: streaming)
        return self.request(.POST, "/chat/completions", body: JSONWriter.bytes(of: body))
    }

    private func request(_ method: HTTPMethod, _ path: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        var request = calls.request(method, settings.baseURL + path, body: body)
        if let key = settings.apiKey {
            request.headers.add(name: "authorization", value: "Bearer \(key.reveal())")
        }
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
