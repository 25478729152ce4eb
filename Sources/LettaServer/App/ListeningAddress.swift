import Glibc
import NIOCore
import NIOPosix

/// The address that the server listens on.
struct ListeningAddress {
    let host: String
    let port: Int
    /// The path of the Unix socket to listen on instead of host and port.
    let socket: String?

    init(_ configuration: ServerConfiguration) {
        host = configuration.http.host
        port = configuration.http.port
        socket = configuration.http.socket
    }

    /// That of the dashboard; nil when it has none of its own.
    init?(ofDashboard configuration: ServerConfiguration) {
        guard case .address(let host, let port) = configuration.http.dashboard else { return nil }
        self.host = host
        self.port = port
        socket = nil
    }

    /// Listens on the port for a moment; does nothing with a socket, which is no port.
    ///
    /// - Throws: `StartUpFailure` when that is not possible.
    func check() async throws {
        guard socket == nil else { return }
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            try await channel.close()
        } catch {
            throw failure(from: error)
        }
    }

    /// The failure for an error of listening; other errors as they are.
    func failure(from error: any Error) -> any Error {
        if let socket {
            guard let error = error as? IOError else { return error }
            return StartUpFailure.socketUnusable(path: socket, reason: String(cString: strerror(error.errnoCode)))
        }
        return switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            StartUpFailure.portTaken(host: host, port: port)
        case let error as IOError:
            StartUpFailure.addressUnusable(host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            StartUpFailure.addressUnusable(host: host, port: port, reason: "the name can't be resolved")
        default: error
        }
    }
}
