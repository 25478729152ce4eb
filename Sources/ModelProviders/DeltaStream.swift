import AsyncHTTPClient
import EventStreams
import JSON
import NIOCore
import Synchronization

/// Decodes the events of a streamed answer in one wire format.
protocol DeltaDecoder: Sendable {
    init()

    /// How the events of the stream are separated.
    static var framing: EventFraming.Kind { get }

    /// Whether a finish reason has arrived. A stream that ends without one was cut off.
    var isFinished: Bool { get }
    /// Whether the provider has ended the stream, so that nothing more is read.
    var isDone: Bool { get }

    mutating func decode(_ event: ServerSentEvent) throws(ProviderFailure) -> [ModelDelta]
}

extension DeltaDecoder {
    static var framing: EventFraming.Kind { .events }
}

/// Takes a stream apart into its events, by the framing of the wire format.
struct EventFraming: Sendable {
    enum Kind: Sendable {
        /// `text/event-stream`.
        case events
        /// A JSON document in each line.
        case lines
    }

    private let kind: Kind
    private var events = ServerSentEventParser(limit: ModelAnswerLimits.event)
    private var line: [UInt8] = []

    init(_ kind: Kind) {
        self.kind = kind
    }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(ServerSentEventParser.LimitExceeded) -> [ServerSentEvent]
    {
        guard kind == .lines else { return try events.feed(bytes) }
        var lines: [ServerSentEvent] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try append(bytes[start..<end])
            if !line.isEmpty { lines.append(ServerSentEvent(data: line)) }
            line.removeAll(keepingCapacity: line.capacity <= 65_536)
            start = end + 1
        }
        try append(bytes[start...])
        return lines
    }

    private mutating func append(_ part: Slice<UnsafeRawBufferPointer>) throws(ServerSentEventParser.LimitExceeded) {
        guard line.count + part.count <= ModelAnswerLimits.event else { throw .init() }
        line.append(contentsOf: part)
    }
}

extension ServerSentEvent {
    /// The data as JSON.
    func document() throws(ProviderFailure) -> JSONValue {
        do {
            return try JSONParser(options: ProviderCalls.parserOptions).parse(data)
        } catch {
            throw ProviderFailure(
                .invalidAnswer, message: "The provider sent a chunk that is not JSON: \(error.reason)")
        }
    }
}

/// The deltas of a streamed answer. Each iteration sends the request again.
struct DeltaStream<Decoder: DeltaDecoder>: AsyncSequence, Sendable {
    typealias Element = ModelDelta
    typealias Failure = ProviderFailure

    /// The chunks that are buffered for a slow reader.
    private static var bufferCapacity: Int { 8 }

    /// Another request after a refusal; nil when there is none.
    typealias Adapter = @Sendable (ProviderFailure) async -> HTTPClientRequest?

    let calls: ProviderCalls
    let request: HTTPClientRequest
    var adapter: Adapter?

    func makeAsyncIterator() -> Iterator {
        let request = UnansweredRequest(request, adapter: adapter)
        return Iterator(
            pieces: ReadAhead(limit: Self.bufferCapacity, timers: calls.timers) {
                [calls] source async throws(ProviderFailure) in
                var reader = DeltaStreamReader<Decoder>(calls: calls, request: request)
                try await reader.read(into: source)
            })
    }

    struct Iterator: AsyncIteratorProtocol {
        private let pieces: ReadAhead<[ModelDelta], ProviderFailure>
        private var deltas: ArraySlice<ModelDelta> = []

        init(pieces: ReadAhead<[ModelDelta], ProviderFailure>) {
            self.pieces = pieces
        }

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProviderFailure) -> ModelDelta? {
            if deltas.isEmpty { deltas = try await pieces.next()?[...] ?? [] }
            return deltas.popFirst()
        }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? {
            try await next(isolation: nil)
        }
    }
}

/// A request that is released once it can't be retried any more: its body is most of the memory of a stream.
final class UnansweredRequest: Sendable {
    private struct State {
        var request: HTTPClientRequest?
        var adapter: (@Sendable (ProviderFailure) async -> HTTPClientRequest?)?
    }

    private let request: Mutex<State>

    init(_ request: HTTPClientRequest, adapter: (@Sendable (ProviderFailure) async -> HTTPClientRequest?)? = nil) {
        self.request = Mutex(State(request: request, adapter: adapter))
    }

    /// Nil once the answer has begun.
    var value: HTTPClientRequest? { request.withLock { $0.request } }

    func release() {
        request.withLock { $0 = State() }
    }

    /// Whether there is another request that avoids what was refused; it takes the place of this one.
    func adapts(to failure: ProviderFailure) async -> Bool {
        guard let adapter = request.withLock({ $0.adapter }), let next = await adapter(failure) else { return false }
        request.withLock { $0.request = next }
        return true
    }
}

/// Reads one streamed answer on the actor of its buffer.
///
/// It is the only owner of the response body, so the connection closes with it.
struct DeltaStreamReader<Decoder: DeltaDecoder> {
    typealias Source = ReadAhead<[ModelDelta], ProviderFailure>.Source

    private let calls: ProviderCalls
    private let request: UnansweredRequest
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var parser = EventFraming(Decoder.framing)
    private var decoder = Decoder()
    private var bytes = 0
    private var isTooLong = false
    /// Since the request was sent.
    private var elapsed: @Sendable () -> Duration
    private var retry = 1
    private var isDone = false
    /// A failure that arrived in the same chunk as deltas, which are delivered first.
    private var nextFailure: ProviderFailure?

    init(calls: ProviderCalls, request: UnansweredRequest) {
        self.calls = calls
        self.request = request
        elapsed = stopwatch(calls.clock)
    }

    mutating func read(into source: isolated Source) async throws(ProviderFailure) {
        while !isDone {
            do {
                let deltas = try await advance(source)
                if !deltas.isEmpty {
                    request.release()
                    await source.put(deltas)
                }
            } catch {
                body = nil
                let failure = calls.failure(from: error)
                let isTooLong = isTooLong || error is DeadlineExceeded && elapsed() >= calls.deadlines.stream
                // The answer is complete; only the usage is missing.
                if decoder.isFinished, failure.kind == .cut || isTooLong { return }
                guard request.value != nil else {
                    guard isTooLong else { throw failure }
                    return await source.put([.finish(.limit)])
                }
                try await retry(after: failure, source)
            }
        }
    }

    private mutating func retry(
        after failure: ProviderFailure, _ source: isolated Source
    ) async throws(ProviderFailure) {
        if await request.adapts(to: failure) {
            ModelTries.current?.add(failure)
            ModelTries.current?.begin()
        } else {
            try await calls.waitBefore(retry: retry, after: failure)
            retry += 1
        }
        parser = EventFraming(Decoder.framing)
        decoder = Decoder()
        bytes = 0
        isTooLong = false
        elapsed = stopwatch(calls.clock)
    }

    private mutating func tooLong(_ message: String) -> ProviderFailure {
        isTooLong = true
        return ProviderFailure(.invalidAnswer, message: message)
    }

    /// Opens the connection or reads one chunk, and returns the deltas that it completes.
    private mutating func advance(_ source: isolated Source) async throws -> [ModelDelta] {
        if let nextFailure { throw nextFailure }
        let rest = calls.deadlines.stream - elapsed()
        guard rest > .zero else { throw DeadlineExceeded() }
        let chunk: ByteBuffer?
        if body == nil {
            chunk = try await source.within(min(calls.deadlines.firstByte, rest)) {
                try await openBody(source)
                return try await body?.next(isolation: source)
            }
        } else {
            chunk = try await source.within(min(calls.deadlines.betweenBytes, rest)) {
                try await body?.next(isolation: source)
            }
        }
        guard let chunk else { return try endOfBody() }
        bytes += chunk.readableBytes
        guard bytes <= ModelAnswerLimits.stream else {
            throw tooLong("The provider's answer has more than \(ModelAnswerLimits.stream) bytes.")
        }
        return try deltas(in: chunk)
    }

    private mutating func openBody(_ source: isolated Source) async throws {
        guard let request = request.value else { return }
        body = try await calls.open(request).body.makeAsyncIterator()
    }

    private mutating func deltas(in chunk: ByteBuffer) throws(ProviderFailure) -> [ModelDelta] {
        let events: [ServerSentEvent]
        do {
            events = try chunk.withUnsafeReadableBytes { try parser.feed($0) }
        } catch {
            throw tooLong("The provider's answer has an event of more than \(ModelAnswerLimits.event) bytes.")
        }
        var deltas: [ModelDelta] = []
        for event in events where !event.data.isEmpty && !isDone {
            do {
                deltas += try decoder.decode(event)
                if decoder.isDone { finish() }
            } catch {
                guard !deltas.isEmpty else { throw error }
                nextFailure = error
                break
            }
        }
        return deltas
    }

    private mutating func endOfBody() throws -> [ModelDelta] {
        try Task.checkCancellation()
        guard decoder.isFinished else {
            throw ProviderFailure(
                .cut, message: "The connection to the provider was closed before the answer was complete.")
        }
        finish()
        return []
    }

    private mutating func finish() {
        isDone = true
        body = nil
    }
}
