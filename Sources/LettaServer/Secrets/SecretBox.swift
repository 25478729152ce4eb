import Crypto
import FoundationEssentials

/// Encrypts secrets in the database.
///
/// An encrypted value is `v1:<key id>:<nonce>:<box>` in base64: AES-256-GCM with the name of its row as associated
/// data, so that it decrypts in no other row. The first key encrypts and all keys decrypt, for rotation.
struct SecretBox: Sendable {
    private struct Key: Sendable {
        let id: String
        let key: SymmetricKey
    }

    private let keys: [Key]

    /// - Parameter passphrases: one or more texts, the newest first.
    init(passphrases: [String]) {
        keys = passphrases.map { text in
            let material = SymmetricKey(data: Data(text.utf8))
            let key = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material, info: Data("letta-swift secrets v1".utf8), outputByteCount: 32)
            let digest = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material, info: Data("letta-swift key id v1".utf8), outputByteCount: 6)
            let id = digest.withUnsafeBytes { Data($0).base64EncodedString() }
            return Key(id: id, key: key)
        }
    }

    /// - Parameter place: the name of the value's row.
    func seal(_ text: String, for place: String) throws -> String {
        guard let key = keys.first else { throw SecretBoxFailure.noKey }
        let box = try AES.GCM.seal(Data(text.utf8), using: key.key, authenticating: Data(place.utf8))
        let sealed = (box.ciphertext + box.tag).base64EncodedString()
        return "v1:\(key.id):\(Data(box.nonce).base64EncodedString()):\(sealed)"
    }

    /// Whether the value was encrypted with another key than the first.
    func isSealedWithOlderKey(_ sealed: String) -> Bool {
        guard let key = keys.first else { return false }
        return !sealed.hasPrefix("v1:\(key.id):")
    }

    /// - Throws: `SecretBoxFailure` when no key matches or the value was tampered with.
    func open(_ sealed: String, for place: String) throws -> String {
        let parts = sealed.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "v1", let nonce = Data(base64Encoded: String(parts[2])),
            let box = Data(base64Encoded: String(parts[3])), box.count >= 16
        else { throw SecretBoxFailure.malformed }
        guard let key = keys.first(where: { $0.id == parts[1] }) else { throw SecretBoxFailure.unknownKey }
        let sealedBox = try AES.GCM.SealedBox(
            nonce: AES.GCM.Nonce(data: nonce), ciphertext: box.dropLast(16), tag: box.suffix(16))
        let opened = try AES.GCM.open(sealedBox, using: key.key, authenticating: Data(place.utf8))
        guard let text = String(validating: opened, as: UTF8.self) else { throw SecretBoxFailure.malformed }
        return text
    }
}

/// Why a value can't be decrypted.
enum SecretBoxFailure: Error, Sendable {
    case noKey
    case unknownKey
    case malformed
}
