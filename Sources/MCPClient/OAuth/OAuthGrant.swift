import JSON

/// What is known of an authorization, from the first redirect to the tokens. It is stored encrypted as a whole.
package struct OAuthGrant: Codable, Sendable, JSONWritable, Equatable {
    package var authorizationEndpoint: String
    package var tokenEndpoint: String
    package var registrationEndpoint: String?
    package var issuer: String?
    /// What the tokens are for: the MCP server.
    package var resource: String
    package var scope: String?
    package var redirectURI: String
    package var clientID = ""
    package var clientSecret: String?
    package var verifier = ""
    package var accessToken: String?
    package var refreshToken: String?
    /// In seconds since 1970; nil for a token that does not expire as far as anybody said.
    package var expiresAt: Int64?

    /// Whether the token is about to expire, with a minute to spare.
    package func isExpired(at seconds: Int64) -> Bool { expiresAt.map { $0 - 60 <= seconds } ?? false }
}
