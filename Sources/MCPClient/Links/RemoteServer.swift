import JSON
package import ModelProviders

/// A server that is reached over HTTP.
package struct RemoteServer: Sendable {
    package var url: String
    package var headers: [(name: String, value: String)]
    package var egress: EgressClient

    package init(url: String, headers: [(name: String, value: String)], egress: EgressClient) {
        self.url = url
        self.headers = headers
        self.egress = egress
    }

    /// Sends a request with the server's own headers and maps what is no success to a failure.
    ///
    /// - Parameter accepting: statuses besides 2xx that the caller wants to see.
    func exchange(
        _ method: String, _ headers: [(name: String, value: String)], _ body: [UInt8]? = nil, to url: String? = nil,
        accepting: Set<Int> = []
    ) async throws -> EgressResponse {
        let request = EgressRequest(method, url ?? self.url, headers: headers + self.headers, body: body)
        let response: EgressResponse
        do {
            response = try await egress.exchange(request)
        } catch {
            throw try Self.failure(error)
        }
        guard !(200..<300).contains(response.status), !accepting.contains(response.status) else { return response }
        if response.status == 401 {
            throw MCPFailure(
                .unauthorized(challenge: response.header("www-authenticate")),
                "\(EgressAddress.shown(self.url)) requires authorization.")
        }
        throw MCPFailure(.invalidAnswer, "\(EgressAddress.shown(self.url)) responded with status \(response.status).")
    }

    /// - Throws: `CancellationError` for a call that was cancelled.
    static func failure(_ failure: ProviderFailure) throws(CancellationError) -> MCPFailure {
        switch failure.kind {
        case .cancelled: throw CancellationError()
        case .timeout: MCPFailure(.timeout, failure.message.replacing("provider", with: "server"))
        case .badRequest: MCPFailure(.forbidden, failure.message)
        case .invalidAnswer: MCPFailure(.invalidAnswer, failure.message.replacing("provider", with: "server"))
        default: MCPFailure(.connection, failure.message.replacing("provider", with: "server"))
        }
    }

    /// An error of reading a body.
    static func failure(ofReading error: any Error) throws -> MCPFailure {
        if let known = error as? MCPFailure { return known }
        if error is CancellationError || Task.isCancelled { throw CancellationError() }
        return MCPFailure(.connection, "The connection to the server was cut.")
    }
}
