import HTTPKit
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the TLS certificate again on SIGHUP.
struct CertificateReload: Service {
    private let certificate: TLSCertificate
    private let signals: UnixSignalsSequence
    private let logger: Logger

    /// Without a handler, SIGHUP would end the process: it is there from now on.
    init(_ certificate: TLSCertificate, logger: Logger) async {
        self.certificate = certificate
        self.logger = logger
        signals = await UnixSignalsSequence(trapping: .sighup)
    }

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() {
            do {
                try certificate.reload()
                logger.notice("Reloaded the TLS certificate")
            } catch {
                logger.error("Kept the TLS certificate in use", metadata: ["error": "\(error)"])
            }
        }
    }
}
