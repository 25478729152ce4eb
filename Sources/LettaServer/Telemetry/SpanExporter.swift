import EventStreams
import LettaAPI
import Logging
import ModelProviders
import Synchronization

/// Where spans are sent, from the environment variables that OpenTelemetry names.
struct SpanDestination: Sendable {
    /// The full address, such as `http://localhost:4318/v1/traces`.
    var url: String
    var headers: [(name: String, value: String)] = []
    var serviceName = "letta-server"
}

/// Sends spans to a collector over OTLP/HTTP.
///
/// The queue is bounded: what a slow or absent collector does not take is dropped, and nobody waits for it.
final class SpanExporter: TaskOwner, Sendable {
    static let capacity = 4_096
    private static let batch = 512
    private static let deadline = Duration.seconds(10)
    private static let lastDeadline = Duration.seconds(2)
    private static let attempts = 3

    private struct State {
        var queue: [Span] = []
        var dropped = 0
        var working: Task<Void, Never>?
        var isClosing = false
    }

    private let destination: SpanDestination
    private let transport: ProviderTransport
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(
        to destination: SpanDestination, through transport: ProviderTransport, clock: any Clock<Duration>,
        logger: Logger
    ) {
        self.destination = destination
        self.transport = transport
        self.clock = clock
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.working = Task { [self] in await work() } }
    }

    /// Takes spans; returns at once.
    func record(_ spans: [Span]) {
        state.withLock { state in
            guard !state.isClosing else { return }
            let wanted = spans.filter(\.context.isSampled)
            let room = max(0, Self.capacity - state.queue.count)
            state.queue += wanted.prefix(room)
            state.dropped += max(0, wanted.count - room)
        }
        signal.yield()
    }

    /// Sends what is left, for a short time.
    func close() async {
        let task = state.withLock { state in
            state.isClosing = true
            return state.working
        }
        signal.finish()
        task?.cancel()
        await task?.value
        let rest = take()
        guard !rest.isEmpty else { return }
        // What can't be sent now is lost, as it is when the server is killed.
        _ = try? await post(rest, within: Self.lastDeadline)
    }

    private func work() async {
        for await _ in signals {
            while !Task.isCancelled {
                let spans = take()
                if spans.isEmpty { break }
                await send(spans)
            }
        }
    }

    private func take() -> [Span] {
        let (spans, dropped) = state.withLock { state in
            let spans = Array(state.queue.prefix(Self.batch))
            state.queue.removeFirst(spans.count)
            defer { state.dropped = 0 }
            return (spans, state.dropped)
        }
        if dropped > 0 { logger.warning("Spans were dropped", metadata: ["count": "\(dropped)"]) }
        return spans
    }

    private func send(_ spans: [Span]) async {
        for attempt in 1...Self.attempts {
            let problem: String
            do throws(ProviderFailure) {
                let status = try await post(spans, within: Self.deadline)
                if (200..<300).contains(status) { return }
                problem = "status \(status)"
                if ![429, 502, 503, 504].contains(status) { return report(spans, problem) }
            } catch {
                problem = error.message
            }
            if attempt == Self.attempts { return report(spans, problem) }
            // Fails only when the exporter is closed.
            try? await clock.sleep(for: .seconds(attempt))
            if Task.isCancelled { return putBack(spans) }
        }
    }

    private func putBack(_ spans: [Span]) {
        state.withLock { $0.queue.insert(contentsOf: spans, at: 0) }
    }

    private func report(_ spans: [Span], _ problem: String) {
        logger.warning("Spans were not sent", metadata: ["count": "\(spans.count)", "error": "\(problem)"])
    }

    private func post(_ spans: [Span], within deadline: Duration) async throws(ProviderFailure) -> Int {
        let document = OTLPDocument(spans: spans, serviceName: destination.serviceName)
        return try await transport.post(
            document.bytes, to: destination.url, headers: destination.headers, within: deadline, clock: clock)
    }
}
