import AsyncHTTPClient
import EventStreams
import JSON
import LettaAPI
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A call as it goes over the wire.
struct OutgoingCall: Sendable {
    var verb: HTTPVerb
    /// Path and query.
    var target: String
    var body: [UInt8]?
}

/// An answer as it came over the wire.
struct IncomingAnswer: Sendable {
    var status: Int
    /// The wait that the server asks for, where it says so in seconds.
    var retryAfter: Duration?
    var body: ByteBuffer

    /// The value that a success says. Nothing at all stands for `null`.
    func decode<Output: Decodable>(_ type: Output.Type) throws(LettaClientError) -> Output {
        guard (200..<300).contains(status) else { throw LettaClientError(status: status, answer: String(buffer: body)) }
        do {
            let value = try body.withUnsafeReadableBytes { $0.isEmpty ? .null : try JSONParser().parse($0) }
            return try JSONDecoding().decode(type, from: value)
        } catch {
            throw .decoding("\(error)")
        }
    }
}

/// Sends calls over a pool of connections, again where a failure may pass.
struct HTTPExchange: Sendable {
    /// The largest answer in bytes that is read into memory.
    private static let bodyLimit = 256 << 20

    private let client: HTTPClient
    let baseURL: String
    private let headers: HTTPHeaders
    let callTimeout: Duration
    private let retries: RetryPolicy
    private let pause: @Sendable (Duration) async throws -> Void

    init(
        baseURL: String, token: String?, settings: ClientSettings,
        pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        var headers = HTTPHeaders()
        headers.add(name: "User-Agent", value: "letta-swift-client/\(LettaClient.version)")
        headers.add(name: "Accept", value: "application/json")
        if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        self.headers = headers
        callTimeout = settings.callTimeout
        retries = RetryPolicy(maximumRetries: settings.maximumRetries)
        self.pause = pause
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = TimeAmount(settings.connectTimeout)
        // The default of 8 makes the ninth call at a time wait for one of the others to end.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        // Retries are decided here, where it is known what may be repeated.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws {
        try await client.shutdown()
    }

    /// The last answer to a call, whatever its status.
    func send(_ call: OutgoingCall) async throws -> IncomingAnswer {
        try await withDeadline(callTimeout, throwing: LettaClientError.timeout) { try await sendRepeatedly(call) }
    }

    private func sendRepeatedly(_ call: OutgoingCall) async throws -> IncomingAnswer {
        let start = ContinuousClock.now
        var retry = 1
        while true {
            let outcome = try await attempt(call)
            let delay = retries.delay(before: retry, after: outcome, call.verb, jitter: .random(in: 0...1))
            // What would only end in a time-out is told now, with its reason.
            guard let delay, start.duration(to: .now) + delay < callTimeout else {
                switch outcome {
                case .answer(let answer): return answer
                case .unconnected(let reason), .cut(let reason): throw LettaClientError.connection(reason)
                }
            }
            try await pause(delay)
            retry += 1
        }
    }

    /// One attempt. Throws what a repetition would not change.
    private func attempt(_ call: OutgoingCall) async throws -> Outcome {
        do {
            return .answer(try await Self.whole(try await client.execute(request(call), deadline: .distantFuture)))
        } catch {
            return try outcome(ofError: error)
        }
    }

    private func request(_ call: OutgoingCall) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: baseURL + call.target)
        request.method = HTTPMethod(rawValue: call.verb.rawValue)
        request.headers = headers
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        return request
    }

    private static func whole(_ response: HTTPClientResponse) async throws -> IncomingAnswer {
        IncomingAnswer(
            status: Int(response.status.code),
            retryAfter: response.headers.first(name: "Retry-After").flatMap { UInt32($0) }.map { .seconds($0) },
            body: try await response.body.collect(upTo: bodyLimit))
    }

    // MARK: Streams

    /// The body of a success as it comes; other statuses are thrown. Sent once.
    func open(_ call: OutgoingCall) async throws -> HTTPClientResponse.Body {
        do {
            let response = try await withDeadline(callTimeout, throwing: LettaClientError.timeout) {
                try await client.execute(request(call), deadline: .distantFuture)
            }
            guard response.status != .ok else { return response.body }
            let answer = try await withDeadline(callTimeout, throwing: LettaClientError.timeout) {
                try await Self.whole(response)
            }
            throw LettaClientError(status: answer.status, answer: String(buffer: answer.body))
        } catch {
            throw failure(ofError: error)
        }
    }

    /// What callers see of an error.
    func failure(ofError error: any Error) -> any Error {
        do {
            switch try outcome(ofError: error) {
            case .answer: return error
            case .unconnected(let reason), .cut(let reason): return LettaClientError.connection(reason)
            }
        } catch {
            return error
        }
    }

    /// What an error of an attempt means. Throws what a repetition would not change.
    private func outcome(ofError error: any Error) throws -> Outcome {
        switch error {
        case let error as HTTPClientError: try outcome(of: error)
        case let error as NIOConnectionError: .unconnected("\(baseURL) can't be reached: \(error)")
        case let error as IOError where Self.isRefusal(error.errnoCode):
            .unconnected("\(baseURL) can't be reached: \(error)")
        case is NIOTooManyBytesError:
            throw LettaClientError.decoding("it is longer than \(Self.bodyLimit) bytes")
        case is CancellationError, is LettaClientError: throw error
        default: .cut("\(error)")
        }
    }

    /// Whether an error of the system says that a connection did not come about.
    private static func isRefusal(_ code: CInt) -> Bool {
        [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL].contains(code)
    }

    private func outcome(of error: HTTPClientError) throws -> Outcome {
        switch error {
        // The task's own cancellation comes as a CancellationError.
        case .cancelled: throw LettaClientError.connection("the client was shut down")
        case .invalidURL, .emptyHost, .emptyScheme:
            throw LettaClientError.invalidRequest("'\(baseURL)' is not the URL of a server")
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            return .unconnected("\(baseURL) can't be reached: \(error.shortDescription)")
        case .remoteConnectionClosed, .uncleanShutdown, .bodyLengthMismatch, .readTimeout, .writeTimeout,
            .requestStreamCancelled:
            return .cut(error.shortDescription)
        default:
            throw LettaClientError.invalidRequest(error.shortDescription)
        }
    }
}
