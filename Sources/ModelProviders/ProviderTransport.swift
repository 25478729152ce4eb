import AsyncHTTPClient
import EventStreams
import NIOCore
import NIOHTTP1

/// The only way out of the process: model calls, listings of models and callbacks go through it, over one connection pool.
///
/// It checks every address before the call and the IP address of every connection before a request is sent on it, so a
/// name that resolves to a forbidden address gets nothing. It follows no redirects: the host behind one is not the one
/// that was named.
package struct ProviderTransport: Sendable {
    private let client: HTTPClient
    private let modelHosts: Set<String>
    private var reachesUnixSockets = false
    /// What was learned of the services behind it.
    package let learned = LearnedServices()

    /// Creates a pool, to be closed with `shutdown()`.
    ///
    /// - Parameter modelHosts: the hosts that clients may name as model endpoints; empty for any.
    package init(connectDeadline: Duration = .seconds(10), modelHosts: [String] = []) {
        self.init(connectDeadline: connectDeadline, modelHosts: modelHosts) { $0.isLinkLocalOrMetadata }
    }

    init(
        connectDeadline: Duration = .seconds(10), modelHosts: [String] = [],
        refusing isForbidden: @escaping @Sendable (IPAddress) -> Bool,
        with refusal: @escaping @Sendable (String) -> EgressRefusal = EgressRefusal.forbidden
    ) {
        self.modelHosts = Set(modelHosts.map { $0.lowercased() })
        let configuration = Self.configuration(
            connectDeadline: connectDeadline, refusing: isForbidden, with: refusal)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// The same pool, for the Unix sockets of this server's own children, too.
    package func reachingUnixSockets() -> ProviderTransport {
        var transport = self
        transport.reachesUnixSockets = true
        return transport
    }

    /// Closes the pool; calls in progress fail.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    /// Checks an address that a client names as a model endpoint.
    package func checkModelEndpoint(_ url: String) throws(EgressRefusal) {
        let address = try EgressAddress(url)
        guard modelHosts.isEmpty || modelHosts.contains(address.host) else {
            throw EgressRefusal(reason: "must be on one of the hosts in LETTA_ALLOWED_MODEL_HOSTS")
        }
    }

    /// A configuration for many long streams to few hosts. It has no read timeout: each call has its own deadline.
    private static func configuration(
        connectDeadline: Duration, refusing isForbidden: @escaping @Sendable (IPAddress) -> Bool,
        with refusal: @escaping @Sendable (String) -> EgressRefusal
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(connectDeadline)
        // There is no trace backend, and describing each request for one costs more than sending it.
        configuration.tracing.tracer = nil
        // With the default of 8 the ninth stream to a local server waits for another to end. Concurrency is limited by the
        // callers and the provider, not by the pool.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16_384
        // A refused connection fails at once, not after the connect timeout.
        configuration.connectionPool.retryConnectionEstablishment = false
        let check: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
            guard let text = channel.remoteAddress?.ipAddress, let address = IPAddress(text), isForbidden(address)
            else {
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            // The pool has to know of the failure before it learns that the connection is closed.
            channel.eventLoop.execute { channel.close(promise: nil) }
            return channel.eventLoop.makeFailedFuture(refusal(text))
        }
        configuration.http1_1ConnectionDebugInitializer = check
        configuration.http2ConnectionDebugInitializer = check
        return configuration
    }

    /// Sends a request and waits for the response head; a redirect is a failure.
    func send(_ request: HTTPClientRequest) async throws(ProviderFailure) -> HTTPClientResponse {
        let response = try await exchange(request)
        guard !(300..<400).contains(response.status.code) else {
            throw ProviderFailure(redirect: response, from: request.url)
        }
        return response
    }

    /// Sends a request and waits for the response head, which may be a redirect.
    func exchange(_ request: HTTPClientRequest) async throws(ProviderFailure) -> HTTPClientResponse {
        var request = request
        if let trace = TraceContext.current, trace.isPropagated {
            request.headers.replaceOrAdd(name: "traceparent", value: trace.traceparent)
        }
        do {
            if !reachesUnixSockets || !request.url.hasPrefix("http+unix://") { _ = try EgressAddress(request.url) }
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw ProviderFailure(transportError: error, from: request.url)
        }
    }
}
