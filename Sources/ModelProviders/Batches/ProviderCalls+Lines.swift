import AsyncHTTPClient
import EventStreams
import NIOCore

extension ProviderCalls {
    /// Bytes of the results of a batch.
    private static let resultsLimit = 128 * 1_024 * 1_024

    /// The lines of a response.
    func lines(_ request: HTTPClientRequest) async throws(ProviderFailure) -> [[UInt8]] {
        do {
            let bytes = try await withDeadline(deadlines.answer, clock: clock) {
                let response = try await self.open(request)
                return try await response.body.collect(upTo: Self.resultsLimit)
            }
            return bytes.readableBytesView.split(separator: UInt8(ascii: "\n")).map { Array($0) }
        } catch is NIOTooManyBytesError {
            throw ProviderFailure(
                .badRequest, message: "The results of a batch have more than \(Self.resultsLimit) bytes.")
        } catch {
            throw failure(from: error)
        }
    }
}
