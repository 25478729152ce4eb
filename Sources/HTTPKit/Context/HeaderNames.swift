package import HTTPTypes

extension HTTPField.Name {
    /// Selects the acting user.
    package static let userID = known("user_id")
    package static let projectID = known("X-Project-Id")
    package static let requestID = known("X-Request-Id")
    /// The other spelling of the password, as the peer's own clients send it.
    package static let barePassword = known("X-BARE-PASSWORD")
    static let stainlessPackageVersion = known("X-Stainless-Package-Version")
    /// Where the other pages of a list are.
    package static let link = known("Link")

    /// A name that is written here in the source and known to be well formed.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("malformed header name") }
        return name
    }
}
