import Crypto
import FoundationEssentials

/// The secrets of access tokens and keys: random, shown once, and stored as hashes.
enum TokenSecret {
    /// 256 random bits in hexadecimal.
    static func random() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { hexadecimal($0) }
    }

    /// SHA-256 in hexadecimal.
    static func hash(_ secret: String) -> String {
        SHA256.hash(data: Data(secret.utf8)).withUnsafeBytes { hexadecimal($0) }
    }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
