/// Who calls, and what that caller's client expects of the answers.
package struct Caller: Sendable, Hashable {
    package var organization: String
    package var user: String
    /// The project that lists are narrowed to and new things are put into, from `X-Project-Id`.
    package var project: String?
    package var generation: ClientGeneration

    package init(
        organization: String = Caller.defaultOrganization, user: String = Caller.defaultUser,
        project: String? = nil, generation: ClientGeneration = .v1
    ) {
        self.organization = organization
        self.user = user
        self.project = project
        self.generation = generation
    }

    package static let defaultOrganization = "org-00000000-0000-4000-8000-000000000000"
    package static let defaultUser = "user-00000000-0000-4000-8000-000000000000"
}

/// Which generation of the published clients speaks; some answers differ between the two.
package enum ClientGeneration: Sendable, Hashable {
    /// `letta-client` 0.1 and everything that doesn't say what it is, such as `curl`.
    case legacy
    /// `letta-client` 1.0 and later.
    case v1
}

extension ClientGeneration {
    /// Tells the generation from the two headers that decide it.
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
