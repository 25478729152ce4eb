package import AsyncHTTPClient
import EventStreams
import NIOCore
import NIOHTTP1

/// The connection pool for all model providers, one per process.
package struct ProviderTransport: Sendable {
    private let client: HTTPClient

    /// Uses a client that its owner shuts down, made with `recommendedConfiguration()`.
    package init(client: HTTPClient) {
        self.client = client
    }

    /// Creates a client, to be closed with `shutdown()`.
    package init(connectDeadline: Duration = .seconds(10)) {
        let configuration = Self.recommendedConfiguration(connectDeadline: connectDeadline)
        self.init(client: HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
    }

    /// Closes the pool; calls in progress fail.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    /// A configuration for many long streams to few hosts.
    ///
    /// It has no read timeout: each call has its own deadline.
    package static func recommendedConfiguration(
        connectDeadline: Duration = .seconds(10)
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = TimeAmount(connectDeadline)
        // There is no trace backend, and describing each request for one costs more than sending it.
        configuration.tracing.tracer = nil
        // With the default of 8 the ninth stream to a local server waits for another to end. Concurrency is limited by the
        // callers and the provider, not by the pool.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16_384
        // A refused connection fails at once, not after the connect timeout.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Sends a request and waits for the response head.
    func send(_ request: HTTPClientRequest) async throws(ProviderFailure) -> HTTPClientResponse {
        do {
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw ProviderFailure(transportError: error, afterHead: false)
        }
    }
}

extension ProviderFailure {
    /// Translates an error of the HTTP client. Before the response head, an unknown error means no connection.
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
            self.init(.invalidAnswer, message: "The provider's answer is too large.")
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
