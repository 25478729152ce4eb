import AsyncHTTPClient
import EventStreams
import JSON
import NIOCore

/// The deltas of one streamed chat completion. Each iteration sends the request anew.
struct OpenAIDeltaStream: AsyncSequence, Sendable {
    typealias Element = ModelDelta
    typealias Failure = ProviderFailure

    let provider: OpenAIProvider
    let request: HTTPClientRequest

    func makeAsyncIterator() -> Iterator {
        Iterator(reader: OpenAIStreamReader(provider: provider, request: request))
    }

    struct Iterator: AsyncIteratorProtocol {
        private let reader: OpenAIStreamReader
        private var deltas: ArraySlice<ModelDelta> = []

        init(reader: OpenAIStreamReader) {
            self.reader = reader
        }

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProviderFailure) -> ModelDelta? {
            if deltas.isEmpty { deltas = try await reader.nextDeltas()[...] }
            return deltas.popFirst()
        }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? {
            try await next(isolation: nil)
        }
    }
}

/// Reads one streamed answer, as far as it is asked to.
///
/// The response's body belongs to this actor alone: when the actor goes, the connection closes.
actor OpenAIStreamReader {
    private let provider: OpenAIProvider
    /// Let go when the answer has begun, after which nothing is sent again.
    private var request: HTTPClientRequest?
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var parser = ServerSentEventParser()
    private var decoder = OpenAIChunkDecoder()
    private var retry = 1
    private var hasDelivered = false
    private var isDone = false
    /// A failure that came in one piece with deltas, which go first.
    private var nextFailure: ProviderFailure?
    /// Made with the second read: the first one has a deadline of its own.
    private lazy var reads = TimedReads(within: provider.deadlines.betweenBytes, clock: provider.clock)

    init(provider: OpenAIProvider, request: HTTPClientRequest) {
        self.provider = provider
        self.request = request
    }

    /// The next deltas, at least one, or none at the end of the answer.
    func nextDeltas() async throws(ProviderFailure) -> [ModelDelta] {
        while !isDone {
            do {
                let deltas = try await advance()
                if !deltas.isEmpty {
                    hasDelivered = true
                    request = nil
                    return deltas
                }
            } catch {
                body = nil
                let failure = provider.failure(from: error)
                if decoder.isFinished, failure.kind == .cut {
                    // The answer is whole; only its cost is lost.
                    isDone = true
                    return []
                }
                guard !hasDelivered else {
                    isDone = true
                    throw failure
                }
                try await startOver(after: failure)
            }
        }
        return []
    }

    private func startOver(after failure: ProviderFailure) async throws(ProviderFailure) {
        do {
            try await provider.waitBefore(retry: retry, after: failure)
        } catch {
            isDone = true
            throw error
        }
        retry += 1
        parser = ServerSentEventParser()
        decoder = OpenAIChunkDecoder()
    }

    /// Opens the connection or reads one piece from it, and gives out what that completes.
    private func advance() async throws -> [ModelDelta] {
        if let nextFailure { throw nextFailure }
        let chunk: ByteBuffer?
        if body == nil {
            chunk = try await withDeadline(provider.deadlines.firstByte, clock: provider.clock) {
                try await self.openBody()
                return try await self.readChunk()
            }
        } else {
            chunk = try await reads.read { try await self.readChunk() }
        }
        return try chunk.map(deltas(in:)) ?? endOfBody()
    }

    private func openBody() async throws {
        guard let request else { return }
        body = try await provider.open(request).body.makeAsyncIterator()
    }

    private func readChunk() async throws -> ByteBuffer? {
        guard var iterator = body else { return nil }
        defer { body = iterator }
        return try await iterator.next(isolation: self)
    }

    private func deltas(in chunk: ByteBuffer) throws(ProviderFailure) -> [ModelDelta] {
        let events: [ServerSentEvent]
        do {
            events = try chunk.withUnsafeReadableBytes { try parser.feed($0) }
        } catch {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent a line that is too long.")
        }
        var deltas: [ModelDelta] = []
        for event in events where !event.data.isEmpty && !isDone {
            do {
                deltas += try self.deltas(of: event)
            } catch {
                guard !deltas.isEmpty else { throw error }
                nextFailure = error
                break
            }
        }
        return deltas
    }

    private func deltas(of event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta] {
        guard !event.data.elementsEqual("[DONE]".utf8) else {
            finish()
            return decoder.end()
        }
        let chunk: JSONValue
        do {
            chunk = try JSONParser(options: OpenAIProvider.parserOptions).parse(event.data)
        } catch {
            throw ProviderFailure(.invalidAnswer, message: "The provider sent a broken chunk: \(error.reason)")
        }
        // Some servers name the event instead of wrapping what it says.
        if event.name == "error", chunk["error"] == nil { throw .openAI(event: chunk) }
        return try decoder.decode(chunk)
    }

    private func endOfBody() throws -> [ModelDelta] {
        try Task.checkCancellation()
        guard decoder.isFinished else {
            throw ProviderFailure(.cut, message: "The connection to the provider was cut before the answer ended.")
        }
        finish()
        return []
    }

    private func finish() {
        isDone = true
        body = nil
    }
}
