import AsyncHTTPClient
import JSON
import NIOHTTP1

/// Anthropic, or any server with its Messages API.
package struct AnthropicProvider: ModelProvider {
    package let settings: ProviderSettings
    let calls: ProviderCalls

    package static let officialBaseURL = "https://api.anthropic.com/v1"
    /// The last version of the API that takes a temperature.
    private static let version = "2023-06-01"
    private static let maximumPages = 20

    package init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines = ProviderDeadlines(),
        retries: RetryPolicy = RetryPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.settings = settings
        calls = ProviderCalls(
            settings: settings, transport: transport, deadlines: deadlines, retries: retries, clock: clock)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        var models: [ModelDescription] = []
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            let path = "/models?limit=1000" + (cursor.map { "&after_id=\($0)" } ?? "")
            let document: JSONValue
            do throws(ProviderFailure) {
                document = try await calls.document(request(.GET, path), within: calls.deadlines.firstByte)
            } catch {
                let known = AnthropicKnownModels.unlistedModels(of: settings.service)
                guard error.kind == .notFound, !known.isEmpty else { throw error }
                return known.map { description($0.name, $0.contextWindow) }
            }
            let page = try AnthropicModelListing(document, settings: settings)
            models += page.models
            cursor = page.next
            guard cursor != nil else { break }
        }
        return models.sorted { $0.name < $1.name }
    }

    private func description(_ name: String, _ contextWindow: Int) -> ModelDescription {
        ModelDescription(
            handle: "\(settings.name)/\(name)", name: name, modelType: .llm, settings: settings,
            contextWindow: contextWindow, maxTokens: OpenAIKnownModels.defaultMaxTokens)
    }

    package func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? {
        var request = ModelRequest(model: model, messages: [.user([.text("Say: ok")])])
        request.maxOutputTokens = 16
        _ = try await complete(request)
        return description(model, AnthropicKnownModels.contextWindow(of: model))
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        DeltaStream<AnthropicEventDecoder>(calls: calls, request: messageRequest(request, streaming: true))
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let wire = messageRequest(request, streaming: false)
        return try await calls.retrying { () async throws(ProviderFailure) -> ModelAnswer in
            try AnthropicAnswerReader.answer(from: await calls.document(wire, within: calls.deadlines.answer))
        }
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        throw ProviderFailure(
            .badRequest, message: "Anthropic has no embedding models. Use an embedding model of another provider.")
    }

    package func batches(of model: String) -> (any ModelBatches)? {
        let known = calls.transport.learned.facts(of: key(of: model)).adaptations
        return known.contains(.batches) ? nil : AnthropicBatches(provider: self, model: model)
    }

    func learn(_ adaptation: ServiceAdaptation, of model: String) async {
        await calls.transport.learned.learn(of: key(of: model)) { $0.adaptations.insert(adaptation) }
    }

    private func key(of model: String) -> LearnedServices.Key {
        LearnedServices.Key(address: settings.baseURL, model: model)
    }

    private func messageRequest(_ request: ModelRequest, streaming: Bool) -> HTTPClientRequest {
        let body = AnthropicRequestBody(request: request, streaming: streaming)
        return self.request(.POST, "/messages", body: JSONWriter.bytes(of: body))
    }

    /// Anthropic's own clients take the address without `/v1`, so both forms are understood.
    func request(_ method: HTTPMethod, _ path: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        let address = settings.baseURL.hasSuffix("/v1") ? settings.baseURL : settings.baseURL + "/v1"
        var request = calls.request(method, address + path, body: body)
        request.headers.add(name: "anthropic-version", value: Self.version)
        if let key = settings.apiKey { request.headers.add(name: "x-api-key", value: key.reveal()) }
        return request
    }
}
