/// The organization, user and project on whose behalf storage is accessed. Part of the ``Transaction``.
struct Scope: Sendable, Hashable {
    let organization: String
    let user: String
    /// The project that filters lists and owns what is created; nil for none.
    let project: String?
    /// The API key of the request, to which what it uses is counted; nil for none.
    let key: String?

    init(organization: String, user: String, project: String? = nil, key: String? = nil) {
        self.organization = organization
        self.user = user
        self.project = project
        self.key = key
    }
}
