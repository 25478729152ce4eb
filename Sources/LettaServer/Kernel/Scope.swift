/// The organization, user and project on whose behalf storage is accessed. Part of the ``Transaction``.
struct Scope: Sendable, Hashable {
    let organization: String
    let user: String
    /// The project that filters lists and owns what is created; nil for none.
    let project: String?

    init(organization: String, user: String, project: String? = nil) {
        self.organization = organization
        self.user = user
        self.project = project
    }
}
