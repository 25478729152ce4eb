import Crypto
import FoundationEssentials
import LettaAPI
import ModelProviders

/// Signs callbacks, so that a listener knows who sent them and when.
struct CallbackSignature: Sendable {
    static let header = "x-letta-signature"

    let secret: Secret

    /// `t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>" in hexadecimal>`
    func text(for body: [UInt8], at time: Timestamp) -> String {
        let seconds = time.microseconds / 1_000_000
        var signed = Data("\(seconds).".utf8)
        signed.append(contentsOf: body)
        let code = HMAC<SHA256>.authenticationCode(
            for: signed, using: SymmetricKey(data: Data(secret.reveal().utf8)))
        let digits = code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return "t=\(seconds),v1=\(digits)"
    }
}
