import Glibc
import HTTPKit
import Hummingbird
import HummingbirdCore
import Logging

/// Serves the API to tools in the sandbox, over a Unix socket that is in no network: only to calls that have a token or
/// an API key.
struct ToolDoor: Sendable {
    private let folder: String
    private let responder: CallbackResponder<ServerContext>
    private let logger: Logger

    init(folder: String, responder: CallbackResponder<ServerContext>, logger: Logger) {
        self.folder = folder
        self.responder = responder
        self.logger = logger
    }

    /// Makes the folder for the socket, which the user of tools can reach.
    ///
    /// - Throws: `StartUpFailure` when it can't be made.
    static func makeFolder() throws -> String {
        let folder = "/tmp/letta-api-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        guard mkdir(folder, 0o711) == 0, chmod(folder, 0o711) == 0 else {
            throw StartUpFailure.invalidSetting("\(folder) can't be made: \(String(cString: strerror(errno)))")
        }
        return folder
    }

    func application() -> some ApplicationProtocol {
        let path = "\(folder)/api"
        return Application(
            responder: responder, server: HTTPStack.server(),
            configuration: .init(address: .unixDomainSocket(path: path), serverName: "letta-swift"),
            // Without a token or a key nobody gets in, and the name can't be guessed.
            onServerRunning: { _ in chmod(path, 0o666) }, logger: logger)
    }

    func remove() {
        unlink("\(folder)/api")
        rmdir(folder)
    }
}
