import AsyncHTTPClient
import EventStreams
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Calls addresses that clients name and that are no model services: callbacks, images, web pages.
///
/// Private addresses are refused once the name of a host is resolved, on each connection, so also behind a redirect,
/// unless the operator allows the host.
package struct EgressClient: Sendable {
    static let redirectLimit = 3

    private let anywhere: ProviderTransport
    private let outside: ProviderTransport
    private let privateHosts: Set<String>

    /// Creates a pool for connections to public addresses, to be closed with `shutdown()`.
    ///
    /// - Parameters:
    ///   - transport: the pool for the hosts that may be private.
    ///   - privateHosts: names and IP addresses; `*` for all.
    package init(transport: ProviderTransport, privateHosts: [String]) {
        anywhere = transport
        outside = ProviderTransport(
            refusing: { $0.isLinkLocalOrMetadata || $0.isPrivate }, with: EgressRefusal.outside)
        self.privateHosts = Set(privateHosts.map { $0.lowercased() })
    }

    package func shutdown() async throws {
        try await outside.shutdown()
    }

    /// Posts a JSON document, without retries, and returns the status. A redirect is a failure. The response body is not
    /// read.
    package func post(
        _ json: [UInt8], to url: String, headers: [(name: String, value: String)] = [], within deadline: Duration,
        clock: any Clock<Duration>
    ) async throws(ProviderFailure) -> Int {
        try await transport(for: url).post(json, to: url, headers: headers, within: deadline, clock: clock)
    }

    /// Reads a document, through up to three redirects.
    ///
    /// - Parameter limit: in bytes; a longer document is a failure.
    package func fetch(
        _ url: String, limit: Int, within deadline: Duration, clock: any Clock<Duration>
    ) async throws(ProviderFailure) -> [UInt8] {
        do {
            return try await withDeadline(deadline, clock: clock) { try await read(url, limit: limit) }
        } catch {
            if error is DeadlineExceeded {
                throw ProviderFailure(.timeout, message: "There was no answer within \(deadline).")
            }
            if error is NIOTooManyBytesError { throw Self.tooLarge(limit) }
            throw (error as? ProviderFailure) ?? ProviderFailure(transportError: error)
        }
    }

    /// Posts a JSON document and reads the response, without retries. A redirect is a failure.
    ///
    /// - Parameter limit: in bytes; a longer response is a failure.
    package func exchange(
        _ json: [UInt8], with url: String, headers: [(name: String, value: String)], limit: Int,
        within deadline: Duration, clock: any Clock<Duration>
    ) async throws(ProviderFailure) -> [UInt8] {
        do {
            return try await withDeadline(deadline, clock: clock) {
                var request = HTTPClientRequest(url: url)
                request.method = .POST
                request.headers.add(name: "user-agent", value: "letta-swift")
                request.headers.add(name: "content-type", value: "application/json")
                for header in headers { request.headers.add(name: header.name, value: header.value) }
                request.body = .bytes(ByteBuffer(bytes: json))
                let response = try await transport(for: url).exchange(request)
                if (300..<400).contains(response.status.code) { throw ProviderFailure(redirect: response, from: url) }
                let body = Array(buffer: try await response.body.collect(upTo: limit))
                guard (200..<300).contains(response.status.code) else {
                    let status = Int(response.status.code)
                    throw ProviderFailure(
                        .badRequest, status: status,
                        message: "\(EgressAddress.shown(url)) responded with status \(status).")
                }
                return body
            }
        } catch {
            if error is DeadlineExceeded {
                throw ProviderFailure(.timeout, message: "There was no answer within \(deadline).")
            }
            if error is NIOTooManyBytesError { throw Self.tooLarge(limit) }
            throw (error as? ProviderFailure) ?? ProviderFailure(transportError: error)
        }
    }

    private func read(_ start: String, limit: Int) async throws -> [UInt8] {
        var url = start
        for _ in 0...Self.redirectLimit {
            try checkLiteral(url)
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "user-agent", value: "letta-swift")
            let response = try await transport(for: url).exchange(request)
            switch response.status.code {
            case 300..<400:
                guard let location = response.headers.first(name: "location"),
                    let next = URL(string: location, relativeTo: URL(string: url))?.absoluteString
                else { throw ProviderFailure(redirect: response, from: url) }
                url = next
            case 200..<300:
                if let length = response.headers.first(name: "content-length").flatMap(Int.init), length > limit {
                    throw Self.tooLarge(limit)
                }
                return Array(buffer: try await response.body.collect(upTo: limit))
            case let status:
                throw ProviderFailure(
                    .badRequest, status: Int(status),
                    message: "\(EgressAddress.shown(url)) responded with status \(status).")
            }
        }
        throw ProviderFailure(
            .badRequest,
            message: "\(EgressAddress.shown(start)) leads through more than \(Self.redirectLimit) redirects.")
    }

    private static func tooLarge(_ limit: Int) -> ProviderFailure {
        ProviderFailure(.badRequest, message: "The document is larger than \(limit) bytes.")
    }

    /// Both check the address itself.
    func transport(for url: String) -> ProviderTransport {
        mayBePrivate(url) ? anywhere : outside
    }

    private func mayBePrivate(_ url: String) -> Bool {
        // An address that can't be read is refused by either transport.
        let host = (try? EgressAddress(url))?.host
        return privateHosts.contains("*") || host.map(privateHosts.contains) == true
    }

    /// Refuses a private address that is written as such before anything is connected to, so that nobody learns whether
    /// something listens there.
    func checkLiteral(_ url: String) throws(ProviderFailure) {
        guard !mayBePrivate(url), let host = (try? EgressAddress(url))?.host,
            host == "localhost" || IPAddress(host)?.isPrivate == true
        else { return }
        throw ProviderFailure(
            transportError: EgressRefusal.outside(host == "localhost" ? "127.0.0.1" : host), from: url)
    }
}
