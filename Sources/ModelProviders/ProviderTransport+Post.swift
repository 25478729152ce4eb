import AsyncHTTPClient
import EventStreams
import NIOCore
import NIOHTTP1

extension ProviderTransport {
    /// Posts a JSON document, without retries, and returns the status. The response body is not read.
    package func post(
        _ json: [UInt8], to url: String, headers: [(name: String, value: String)] = [], within deadline: Duration,
        clock: any Clock<Duration>
    ) async throws(ProviderFailure) -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "user-agent", value: "letta-swift")
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: json))
        do {
            return try await withDeadline(deadline, clock: clock) { [request] in
                Int(try await self.send(request).status.code)
            }
        } catch {
            if error is DeadlineExceeded {
                throw ProviderFailure(.timeout, message: "There was no answer within \(deadline).")
            }
            throw ProviderFailure(transportError: error, from: url)
        }
    }
}
