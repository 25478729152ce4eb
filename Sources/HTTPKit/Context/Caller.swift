package import LettaAPI

/// The acting user, and the generation of the client.
package struct Caller: Sendable, Hashable {
    package var organization: String
    package var user: String
    /// The project that filters lists and owns new resources, from `X-Project-Id`.
    package var project: String?
    package var generation: ClientGeneration
    /// The API key of the request; nil for one without.
    package var key: ID<APIKey>?
    /// Whether the caller may know and do what needs the scope `admin`.
    package var mayAdminister = true

    package init(
        organization: String = Caller.defaultOrganization, user: String = Caller.defaultUser,
        project: String? = nil, generation: ClientGeneration = .v1
    ) {
        self.organization = organization
        self.user = user
        self.project = project
        self.generation = generation
    }

    package static let defaultOrganization = Organization.defaultID.rawValue
    package static let defaultUser = User.defaultID.rawValue
}

/// The generation of the published clients; some responses differ between the two.
package enum ClientGeneration: Sendable, Hashable {
    /// `letta-client` before 1.0, and user agents other than `letta-client`, such as `curl`.
    case legacy
    /// `letta-client` 1.0 and later.
    case v1
}

extension ClientGeneration {
    init(stainlessVersion: String?, userAgent: String?) {
        guard stainlessVersion == nil, let userAgent, !userAgent.isEmpty else {
            self = .v1
            return
        }
        for product in ["letta-client/", "@letta-ai/letta-client/"] where userAgent.hasPrefix(product) {
            let major = userAgent.utf8.dropFirst(product.utf8.count).prefix { (0x30...0x39).contains($0) }
            if let number = Int(Substring(major)), number >= 1 {
                self = .v1
                return
            }
        }
        self = .legacy
    }
}
