import AsyncHTTPClient
import EventStreams
import JSON
import Logging
import NIOCore
import NIOHTTP1

/// Makes the calls of one provider with its deadlines and its retry policy, whatever the wire format.
struct ProviderCalls: Sendable {
    let settings: ProviderSettings
    let transport: ProviderTransport
    let deadlines: ProviderDeadlines
    let retries: RetryPolicy
    let clock: any Clock<Duration>
    let timers: SilenceTimers

    static let parserOptions: JSONParser.Options = [.replaceLoneSurrogates, .removeNUL]
    private static let maximumAnswerSize = 64 * 1_024 * 1_024
    private static let maximumErrorSize = 1_024 * 1_024

    init(
        settings: ProviderSettings, transport: ProviderTransport, deadlines: ProviderDeadlines, retries: RetryPolicy,
        clock: any Clock<Duration>
    ) {
        self.settings = settings
        self.transport = transport
        self.deadlines = deadlines
        self.retries = retries
        self.clock = clock
        timers = SilenceTimers(clock: clock)
    }

    /// A request to a full address, with a JSON document where there is one.
    func request(_ method: HTTPMethod, _ url: String, body: [UInt8]? = nil) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "user-agent", value: "letta-swift")
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
        throw ProviderFailure(status: Int(response.status.code), headers: response.headers, body: bytes)
    }

    /// Sends a request and reads its response as JSON.
    func document(
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
    func retrying<Value>(
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
        ModelTries.current?.add(failure)
        do {
            try await clock.sleep(for: delay)
        } catch {
            throw ProviderFailure(transportError: error)
        }
        ModelTries.current?.begin()
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
