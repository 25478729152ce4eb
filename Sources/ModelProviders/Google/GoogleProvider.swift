import AsyncHTTPClient
import JSON
import NIOHTTP1

/// Google's Gemini API, or any server with its `generateContent`.
package struct GoogleProvider: ModelProvider {
    package let settings: ProviderSettings
    private let calls: ProviderCalls
    private let learned: LearnedServices

    package static let officialBaseURL = "https://generativelanguage.googleapis.com/v1beta"
    private static let maximumPages = 20
    private static let embeddingBatchSize = 100

    package init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines = ProviderDeadlines(),
        retries: RetryPolicy = RetryPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.settings = settings
        learned = transport.learned
        calls = ProviderCalls(
            settings: settings, transport: transport, deadlines: deadlines, retries: retries, clock: clock)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        var models: [ModelDescription] = []
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            let path = "/models?pageSize=1000" + (cursor.map { "&pageToken=\(PathText.encoded($0))" } ?? "")
            let document = try await calls.document(request(.GET, path), within: calls.deadlines.firstByte)
            let page = try GoogleModelListing(document, settings: settings)
            models += page.models
            cursor = page.next
            guard cursor != nil else { break }
        }
        return models.sorted { ($0.modelType == .llm ? 0 : 1, $0.name) < ($1.modelType == .llm ? 0 : 1, $1.name) }
            .map { model in
                guard let dimensions = learned.facts(of: key(of: model.name)).embeddingDimensions else { return model }
                var model = model
                model.embeddingDimensions = dimensions
                model.isGuessedDimensions = false
                return model
            }
    }

    package func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? {
        let document = try await calls.document(
            request(.GET, "/" + Self.path(of: model)), within: calls.deadlines.firstByte)
        return GoogleModelListing.models(document, settings).first
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        DeltaStream<GoogleEventDecoder>(
            calls: calls, request: contentRequest(request, "streamGenerateContent?alt=sse"))
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let wire = contentRequest(request, "generateContent")
        return try await calls.retrying { () async throws(ProviderFailure) -> ModelAnswer in
            try GoogleAnswerReader.answer(from: await calls.document(wire, within: calls.deadlines.answer))
        }
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        var vectors: [[Float]] = []
        for start in stride(from: 0, to: texts.count, by: Self.embeddingBatchSize) {
            let batch = texts[start..<min(start + Self.embeddingBatchSize, texts.count)]
            let path = Self.path(of: model)
            let requests = batch.map { text -> JSONValue in
                ["model": .string(path), "content": ["parts": [["text": .string(text)]]]]
            }
            let wire = request(
                .POST, "/\(path):batchEmbedContents",
                body: JSONWriter.bytes(of: ["requests": .array(requests)] as JSONValue))
            vectors += try await calls.retrying { () async throws(ProviderFailure) -> [[Float]] in
                let document = try await calls.document(wire, within: calls.deadlines.answer)
                let rows = document["embeddings"]?.array?.map { $0["values"] ?? .null }
                return try EmbeddingRows.vectors(.array(rows ?? []), count: batch.count)
            }
        }
        try EmbeddingRows.check(vectors)
        if let dimensions = vectors.first?.count { await learn(dimensions, of: model) }
        return vectors
    }

    private func learn(_ dimensions: Int, of model: String) async {
        guard learned.facts(of: key(of: model)).embeddingDimensions != dimensions else { return }
        await learned.learn(of: key(of: model)) { $0.embeddingDimensions = dimensions }
    }

    private func key(of model: String) -> LearnedServices.Key {
        LearnedServices.Key(address: settings.baseURL, model: model)
    }

    private func contentRequest(_ request: ModelRequest, _ method: String) -> HTTPClientRequest {
        self.request(
            .POST, "/\(Self.path(of: request.model)):\(method)",
            body: JSONWriter.bytes(of: GoogleRequestBody(request: request)))
    }

    /// A tuned model has its own collection.
    private static func path(of model: String) -> String {
        let isFull = model.hasPrefix("models/") || model.hasPrefix("tunedModels/")
        return PathText.segments(isFull ? model : "models/\(model)")
    }

    /// Google's own clients take the address without its version, so both forms are understood.
    private func request(_ method: HTTPMethod, _ path: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        let last = settings.baseURL.split(separator: "/").last ?? ""
        let isVersioned = last.hasPrefix("v1")
        var request = calls.request(method, settings.baseURL + (isVersioned ? "" : "/v1beta") + path, body: body)
        if let key = settings.apiKey { request.headers.add(name: "x-goog-api-key", value: key.reveal()) }
        return request
    }
}
