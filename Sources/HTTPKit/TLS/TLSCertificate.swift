import NIOSSL
import Synchronization

/// The certificate of a TLS server. Connections in progress keep the one with which they began.
package final class TLSCertificate: Sendable {
    private let chainFile: String
    private let keyFile: String
    private let context: Mutex<NIOSSLContext>

    /// Reads a certificate chain and its private key from PEM files.
    ///
    /// - Throws: `TLSCertificateFailure`.
    package init(chainFile: String, keyFile: String) throws {
        self.chainFile = chainFile
        self.keyFile = keyFile
        context = Mutex(try Self.read(chainFile: chainFile, keyFile: keyFile))
    }

    /// Reads the files again, for the connections to come.
    ///
    /// - Throws: `TLSCertificateFailure`; the certificate in use stays in use then.
    package func reload() throws {
        let new = try Self.read(chainFile: chainFile, keyFile: keyFile)
        context.withLock { $0 = new }
    }

    var current: NIOSSLContext { context.withLock { $0 } }

    private static func read(chainFile: String, keyFile: String) throws -> NIOSSLContext {
        // NIOSSL's errors name neither the file nor the reason.
        guard let chain = try? NIOSSLCertificate.fromPEMFile(chainFile), !chain.isEmpty else {
            throw TLSCertificateFailure(
                description: "The TLS certificate \(chainFile) can't be read or is no certificate in PEM format.")
        }
        guard let key = try? NIOSSLPrivateKey(file: keyFile, format: .pem) else {
            throw TLSCertificateFailure(
                description: "The TLS key \(keyFile) can't be read or is no unencrypted private key in PEM format.")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw TLSCertificateFailure(
                description: "The TLS key \(keyFile) does not belong to the certificate \(chainFile).")
        }
        return context
    }
}

/// Why a certificate can't be used, as one sentence for the operator.
package struct TLSCertificateFailure: Error, CustomStringConvertible {
    package var description: String
}
