import AsyncHTTPClient
import EventStreams
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

extension ProviderFailure {
    /// Translates an error of a call whose response head has arrived.
    init(transportError error: any Error) {
        self =
            Self.known(error)
            ?? ProviderFailure(
                .cut, message: "The connection to the provider was cut: \(Self.reason(of: error)).")
    }

    /// Translates an error before the response head: an unknown one means no connection.
    init(transportError error: any Error, from url: String) {
        let address = EgressAddress.shown(url)
        if let known = Self.known(error) {
            self = known
        } else if let refusal = error as? EgressRefusal {
            self.init(.badRequest, message: "The address \(address) \(refusal.reason).")
        } else if error as? HTTPClientError == .remoteConnectionClosed {
            self.init(.cut, message: "\(address) closed the connection without an answer.")
        } else {
            self.init(
                .connection,
                message: """
                    No connection to \(address): \(Self.reason(of: error)). Check the address, and that the service is \
                    running.
                    """)
        }
    }

    /// A redirect is not followed, so that prompts go to no host that nobody named.
    init(redirect response: HTTPClientResponse, from url: String) {
        let location = response.headers.first(name: "location") ?? ""
        let target = String(String.UnicodeScalarView(location.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 }))
        self.init(
            .badRequest, status: Int(response.status.code),
            message: """
                \(EgressAddress.shown(url)) redirects to \(target.isEmpty ? "nowhere" : EgressAddress.shown(target)), \
                which this server does not follow. Use the final address.
                """)
    }

    private static func known(_ error: any Error) -> ProviderFailure? {
        switch error {
        case let failure as ProviderFailure: return failure
        case is CancellationError: return ProviderFailure(.cancelled, message: "The request was cancelled.")
        case is DeadlineExceeded: return late
        case is NIOTooManyBytesError:
            return ProviderFailure(.invalidAnswer, message: "The provider's answer is too large.")
        default: break
        }
        switch error as? HTTPClientError {
        case .cancelled?: return ProviderFailure(.cancelled, message: "The request was cancelled.")
        case .readTimeout?, .deadlineExceeded?: return late
        default: return nil
        }
    }

    private static let late = ProviderFailure(.timeout, message: "The provider did not answer in time.")

    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { reason(of: $0.error) }
                ?? "the name \(error.host) can't be resolved"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError:
            return error == .connectTimeout ? "it was not accepted in time" : error.shortDescription
        case is ChannelError: return "it was closed"
        case is HTTPParserError: return "the response is not HTTP"
        default: break
        }
        // Errors of the TLS library, which is not linked here, differ in type and detail.
        if "\(error)".contains("CERTIFICATE_VERIFY_FAILED") { return "its certificate is not trusted" }
        return "the TLS handshake failed"
    }
}
