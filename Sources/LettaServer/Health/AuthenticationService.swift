import Crypto
import LettaAPI
import ModelProviders

/// Checks a password that is sent in a body instead of a header.
struct AuthenticationService: Sendable {
    /// Nil when none is set; then any password is right.
    let password: Secret?

    /// - Throws: `APIError` 401 for a wrong password.
    func authenticate(_ credentials: Credentials, as scope: Scope) throws -> Authenticated {
        if let password, !password.matches(credentials.password ?? "") { throw APIError(401, "Unauthorized") }
        return Authenticated(uuid: String(scope.user.dropFirst("user-".count)), isAdmin: true)
    }
}

extension Secret {
    /// Compares digests, so that the time does not depend on where the texts differ.
    fileprivate func matches(_ text: String) -> Bool {
        SHA256.hash(data: Array(reveal().utf8)) == SHA256.hash(data: Array(text.utf8))
    }
}
