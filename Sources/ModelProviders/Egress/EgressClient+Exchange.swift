package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A request to a server that is no model provider.
package struct EgressRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?

    package init(_ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// A response whose body has not been read yet.
package struct EgressResponse: Sendable {
    package let status: Int
    private let response: HTTPClientResponse

    init(_ response: HTTPClientResponse) {
        self.response = response
        status = Int(response.status.code)
    }

    package func header(_ name: String) -> String? { response.headers.first(name: name) }

    /// The body as it arrives.
    package var chunks: AsyncMapSequence<HTTPClientResponse.Body, [UInt8]> {
        response.body.map { Array($0.readableBytesView) }
    }

    /// The whole body.
    ///
    /// - Throws: `ProviderFailure` when it is longer than `limit` bytes or the connection is cut.
    package func collect(upTo limit: Int) async throws(ProviderFailure) -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: limit).readableBytesView)
        } catch {
            throw ProviderFailure(transportError: error)
        }
    }
}

extension EgressClient {
    /// Sends a request and returns when the head of the response is there. A redirect is a failure. There is no
    /// deadline: the caller has one.
    package func exchange(_ wanted: EgressRequest) async throws(ProviderFailure) -> EgressResponse {
        try checkLiteral(wanted.url)
        var request = HTTPClientRequest(url: wanted.url)
        request.method = HTTPMethod(rawValue: wanted.method)
        request.headers.add(name: "user-agent", value: "letta-swift")
        for header in wanted.headers { request.headers.add(name: header.name, value: header.value) }
        if let body = wanted.body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return EgressResponse(try await transport(for: wanted.url).send(request))
    }
}
