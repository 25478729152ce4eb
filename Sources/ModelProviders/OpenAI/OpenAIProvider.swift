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
    let deadlines: ProviderDeadlines
    let retries: RetryPolicy
    let clock: any Clock<Duration>
    let timers: SilenceTimers
    private let transport: ProviderTransport
    /// Learned from the model listing: answers do not tell.
    private let listed = Mutex(OpenAIModelTraits())

    static let parserOptions: JSONParser.Options = [.replaceLoneSurrogates, .removeNUL]
    private static let maximumAnswerSize = 64 * 1_024 * 1_024
    private static let maximumErrorSize = 1_024 * 1_024
    private static let embeddingBatchSize = 128

    package init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines = ProviderDeadlines(),
        retries: RetryPolicy = RetryPolicy(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.settings = settings
        self.transport = transport
        self.deadlines = deadlines
        self.retries = retries
        self.clock = clock
        timers = SilenceTimers(clock: clock)
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let request = request(.GET, "/models")
        let document = try await document(request, within: deadlines.firstByte)
        var traits = OpenAIModelTraits(document)
        if traits.isLlamaServer {
            // The capabilities of the chat template. Optional: without them the defaults apply.
            traits.read(properties: try? await self.document(properties, within: deadlines.firstByte))
        }
        listed.withLock { [traits] in $0 = traits }
        return try OpenAIModelListing(settings: settings).models(from: document)
    }

    package func traits(of model: String) -> ModelTraits {
        isOfficial ? ModelTraits() : listed.withLock { $0.traits(of: model) }
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        OpenAIDeltaStream(provider: self, request: chatRequest(request, streaming: true))
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let wire = chatRequest(request, streaming: false)
        return try await retrying { () async throws(ProviderFailure) -> ModelAnswer in
            try OpenAIAnswerReader.answer(from: await document(wire, within: deadlines.answer))
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
            vectors += try await retrying { () async throws(ProviderFailure) -> [[Float]] in
                let document = try await document(wire, within: deadlines.answer)
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
        var request = HTTPClientRequest(url: settings.baseURL + path)
        request.method = method
        request.headers.add(name: "user-agent", value: "letta-swift")
        if let key = settings.apiKey {
            request.headers.add(name: "authorization", value: "Bearer \(key.reveal())")
        }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            // Exact capacity: the request is retained until the answer has begun.
            request.body = .bytes(Array(body[...]))
        }
        return request
    }

    /// Sends a request and waits for the response head; an error status becomes a failure.
    func open(_ request: HTTPClientRequest) async throws(ProviderFailure) -> HTTPClientResponse {
        let response = try await transport.send(request)
        guard !(200..<300).contains(response.status.code) else { return response }
        var bytes: [UInt8] = []
        do {
            bytes = Array((try await response.body.collect(upTo: Self.maximumErrorSize)).readableBytesView)
        } catch is CancellationError {
            throw ProviderFailure(transportError: CancellationError())
        } catch {
            // The status suffices if the error body can't be read.
        }
        throw .openAI(status: Int(response.status.code), headers: response.headers, body: bytes)
    }

    private func document(
        _ request: HTTPClientRequest, within deadline: Duration
    ) async throws(ProviderFailure) -> JSONValue {
        do {
            let bytes = try await withDeadline(deadline, clock: clock) {
                let response = try await self.open(request)
                return try await response.body.collect(upTo: Self.maximumAnswerSize)
            }
            return try bytes.withUnsafeReadableBytes { try JSONParser(options: Self.parserOptions).parse($0) }
        } catch let error as JSONSyntaxError {
            throw ProviderFailure(.invalidAnswer, message: "The provider's answer is not JSON: \(error.reason)")
        } catch {
            throw failure(from: error)
        }
    }

    /// Retries `operation` according to the retry policy.
    private func retrying<Value>(
        _ operation: () async throws(ProviderFailure) -> Value
    ) async throws(ProviderFailure) -> Value {
        var retry = 1
        while true {
            do {
                return try await operation()
            } catch {
                try await waitBefore(retry: retry, after: error)
                retry += 1
            }
        }
    }

    /// Waits before a retry; throws the failure when there is none.
    func waitBefore(retry: Int, after failure: ProviderFailure) async throws(ProviderFailure) {
        guard !Task.isCancelled,
            let delay = retries.delay(before: retry, after: failure, jitter: .random(in: 0...1))
        else { throw failure }
        Logger.current.notice(
            "Retrying a failed model call",
            metadata: [
                "provider.name": "\(settings.name)", "failure.kind": "\(failure.kind)", "retry": "\(retry)",
                "delay": "\(delay)",
            ])
        do {
            try await clock.sleep(for: delay)
        } catch {
            throw ProviderFailure(transportError: error)
        }
    }

    /// Translates any error of a call, and masks the API key in the provider's message.
    func failure(from error: any Error) -> ProviderFailure {
        var failure = ProviderFailure(transportError: error)
        // A missed deadline cancels the task, too.
        if Task.isCancelled, !(error is DeadlineExceeded) {
            failure = ProviderFailure(transportError: CancellationError())
        }
        if let key = settings.apiKey { failure.message = key.redacted(from: failure.message) }
        return failure
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
