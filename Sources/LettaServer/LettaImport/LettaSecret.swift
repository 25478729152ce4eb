import Crypto
import CryptoExtras
import FoundationEssentials
import JSON
import NIOPosix
import Synchronization

/// Secrets as Letta stores them: in clear text, or encrypted where it has a key.
enum LettaSecret {
    /// Salt, nonce and tag alone are as long as this, in bytes.
    static let shortestEncrypted = LettaCipher.saltSize + LettaCipher.nonceSize + LettaCipher.tagSize

    /// Whether a text looks encrypted: base64 of so many bytes that are no text.
    static func isEncrypted(_ text: String) -> Bool {
        guard let bytes = Data(base64Encoded: text), bytes.count >= shortestEncrypted else { return false }
        return String(validating: bytes, as: UTF8.self) == nil
    }
}

/// Decrypts the secrets that Letta encrypted with its `LETTA_ENCRYPTION_KEY`.
///
/// How it encrypts was observed on a server 0.16.8 that ran with a known key (`Tests/Fixtures/letta-secrets.json` has what
/// it made): base64 of a salt of 16 bytes, a nonce of 12, the ciphertext and the tag of 16 of AES-256-GCM without associated
/// data. The key comes from the passphrase and the salt by PBKDF2 with HMAC-SHA256 in 100,000 rounds. Each value has a salt
/// of its own. An empty text is encrypted too. A changed value goes to the column that may be encrypted alone; the one for
/// clear text, from earlier versions, may keep an old value.
final class LettaCipher: Sendable {
    static let saltSize = 16
    static let nonceSize = 12
    static let tagSize = 16
    /// Of the columns that may be encrypted; beside each is one of the name without it.
    private static let suffix = "_enc"
    private static let rounds = 100_000

    private let passphrase: Data
    private let keys = Mutex<[Data: SymmetricKey]>([:])

    init(passphrase: String) {
        self.passphrase = Data(passphrase.utf8)
    }

    /// The clear text; nil when the text was not encrypted with this key.
    func open(_ text: String) async throws -> String? {
        guard let bytes = Data(base64Encoded: text), bytes.count >= LettaSecret.shortestEncrypted else { return nil }
        let key = try await key(salt: bytes.prefix(Self.saltSize))
        // The tag tells whether it is one of Letta's, and by this key.
        guard let box = try? AES.GCM.SealedBox(combined: bytes.dropFirst(Self.saltSize)),
            let clear = try? AES.GCM.open(box, using: key)
        else { return nil }
        return String(validating: clear, as: UTF8.self)
    }

    /// The row with its secrets in the columns for clear text, as far as this key decrypts them.
    func decrypted(_ row: LettaRow) async throws -> LettaRow {
        var row = row
        for column in row.columns.keys where column.hasSuffix(Self.suffix) {
            let clear = String(column.dropLast(Self.suffix.count))
            guard let text = row.text(column), let opened = try await open(text) else { continue }
            row[clear] = .string(opened)
            row[column] = .null
        }
        return row
    }

    /// Each takes tens of milliseconds, on a thread that may be blocked.
    private func key(salt: Data) async throws -> SymmetricKey {
        if let known = keys.withLock({ $0[salt] }) { return known }
        let key = try await NIOThreadPool.singleton.runIfActive { [passphrase] in
            try KDF.Insecure.PBKDF2.deriveKey(
                from: passphrase, salt: salt, using: .sha256, outputByteCount: 32, unsafeUncheckedRounds: Self.rounds)
        }
        keys.withLock { $0[salt] = key }
        return key
    }
}
