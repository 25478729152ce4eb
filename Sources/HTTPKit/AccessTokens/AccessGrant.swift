package import LettaAPI

/// What a request may do that has an access token instead of the password.
package struct AccessGrant: Sendable, Hashable {
    package var organization: String
    package var user: String
    /// The only web page that may use the token, as browsers name it.
    package var origin: String
    package var rights: [ID<AgentState>: Set<AccessRight>]

    package init(organization: String, user: String, origin: String, rights: [ID<AgentState>: Set<AccessRight>]) {
        self.organization = organization
        self.user = user
        self.origin = origin
        self.rights = rights
    }
}

/// What an operation needs of a token. An operation without a rule is refused to all tokens.
package struct AccessRule: Sendable {
    /// What the first capture of the path names.
    package enum Subject: Sendable {
        case agent
        /// Something that belongs to an agent.
        case run, conversation, message
    }

    package var subject: Subject
    package var right: AccessRight
    /// The members that the body may have; nil for an operation whose body is not looked at.
    package var members: Set<String>?
    /// The right that the response needs: without it the operation is carried out, and its response is `null`.
    package var answer: AccessRight?
    /// Whether the second capture labels a block, which must not be read-only.
    package var writesBlock = false

    package init(
        _ subject: Subject, _ right: AccessRight, members: Set<String>? = nil, answer: AccessRight? = nil,
        writesBlock: Bool = false
    ) {
        self.subject = subject
        self.right = right
        self.members = members
        self.answer = answer
        self.writesBlock = writesBlock
    }
}
