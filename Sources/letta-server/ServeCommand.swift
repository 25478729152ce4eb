import ArgumentParser
import Glibc
import LettaServer
import Logging
import NIOCore

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Serves the API.")

    @OptionGroup var data: DataOptions

    @Option(help: "The address to listen on; any other than loopback requires a password.")
    var host: String?

    @Option(help: "The port to listen on; 0 for a free one.")
    var port: Int?

    @Option(help: "A Unix socket to listen on instead of an address and a port; open to this user only.")
    var socket: String?

    @Option(help: "The TLS certificate chain, a PEM file, to serve HTTPS with; read again on SIGHUP.")
    var tlsCert: String?

    @Option(help: "The private key of the TLS certificate, a PEM file.")
    var tlsKey: String?

    @Option(help: "A file whose first line is the password; overrides LETTA_SERVER_PASSWORD.")
    var passwordFile: String?

    func run() async throws {
        var settings = try data.configuration { arguments in
            arguments.host = host
            arguments.port = port
            arguments.socket = socket
            arguments.tlsCertificate = tlsCert
            arguments.tlsKey = tlsKey
            arguments.password = try passwordFile.map(PasswordText.read)
        }
        if let password = settings.makeUpPassword() {
            print("No password is set. Generated one for this run: \(password)")
        }
        let log = RecentLog()
        let logger = settings.logger(keeping: log)
        OpenFiles.raiseLimit(logger: logger)
        let application = try await LettaApplication.open(settings, log: log, logger: logger)
        try await application.run { channel in
            print("letta-server \(ServerVersion.current) listens on \(application.location(of: channel))")
            fflush(nil)
        }
    }
}
