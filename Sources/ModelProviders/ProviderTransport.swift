package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The connections to all model providers: one pool for the whole process.
package struct ProviderTransport: Sendable {
    private let client: HTTPClient

    /// Uses a pool whose owner shuts it down, best made with `recommendedConfiguration()`.
    package init(client: HTTPClient) {
        self.client = client
    }

    /// Opens a pool of its own, to be closed with `shutdown()`.
    package init(connectDeadline: Duration = .seconds(10)) {
        let configuration = Self.recommendedConfiguration(connectDeadline: connectDeadline)
        self.init(client: HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
    }

    /// Closes the pool; calls under way fail.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    /// What a client needs to hold many long streams to few hosts.
    ///
    /// It has no read time-out: how long an answer may take is the caller's to say, call by call.
    package static func recommendedConfiguration(
        connectDeadline: Duration = .seconds(10)
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = TimeAmount(connectDeadline)
        // Nobody collects traces; describing each request for one costs more than sending it.
        configuration.tracing.tracer = nil
        // The default of 8 makes the ninth stream to a local server wait for one of the others to end. How many answers
        // stream at once is for the callers and for the provider to say, not for the pool.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16_384
        // A refused connection is news for the caller now, not after the connect time-out.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Sends a request and waits for the head of its response.
    func send(_ request: HTTPClientRequest) async throws(ProviderFailure) -> HTTPClientResponse {
        do {
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw ProviderFailure(transportError: error, afterHead: false)
        }
    }
}

extension ProviderFailure {
    /// Translates what the HTTP client throws. Before the head of a response an unknown error means no connection.
    init(transportError error: any Error, afterHead: Bool) {
        switch error {
        case let failure as ProviderFailure:
            self = failure
        case let error as HTTPClientError:
            self.init(clientError: error, afterHead: afterHead)
        case is CancellationError:
            self.init(.cancelled, message: "The request was cancelled.")
        case is DeadlineExceeded:
            self.init(.timeout, message: "The provider did not answer in time.")
        case is NIOTooManyBytesError:
            self.init(.invalidAnswer, message: "The provider's answer is too long.")
        default:
            self.init(lostConnection: "\(error)", afterHead: afterHead)
        }
    }

    private init(clientError error: HTTPClientError, afterHead: Bool) {
        switch error {
        case .cancelled:
            self.init(.cancelled, message: "The request was cancelled.")
        case .readTimeout, .deadlineExceeded:
            self.init(.timeout, message: "The provider did not answer in time.")
        case .invalidURL, .emptyHost, .emptyScheme:
            self.init(.badRequest, message: "The provider's base URL is not valid.")
        case .remoteConnectionClosed:
            self.init(lostConnection: "it was closed", afterHead: true)
        default:
            self.init(lostConnection: error.shortDescription, afterHead: afterHead)
        }
    }

    private init(lostConnection reason: String, afterHead: Bool) {
        self =
            afterHead
            ? ProviderFailure(.cut, message: "The connection to the provider was cut: \(reason)")
            : ProviderFailure(.connection, message: "No connection to the provider: \(reason)")
    }
}
