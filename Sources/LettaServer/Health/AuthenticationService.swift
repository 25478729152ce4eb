import Crypto
import LettaAPI
import ModelProviders

/// Checks a password that comes in a body instead of a header.
struct AuthenticationService: Sendable {
    /// Nil when the server asks for none; then any password is right.
    let password: Secret?

    /// - Throws: `APIError` 401 for a wrong password.
    func authenticate(_ credentials: Credentials, as scope: Scope) throws -> Authenticated {
        if let password, !password.matches(credentials.password ?? "") { throw APIError(401, "Unauthorized") }
        return Authenticated(uuid: String(scope.user.dropFirst("user-".count)), isAdmin: true)
    }
}

extension Secret {
    /// Compares digests: that takes the same time wherever the texts differ.
    fileprivate func matches(_ text: String) -> Bool {
        SHA256.hash(data: Array(reveal().utf8)) == SHA256.hash(data: Array(text.utf8))
    }
}
