/// On whose behalf storage is read or changed. A transaction carries it.
struct Scope: Sendable, Hashable {
    let organization: String
    let user: String
    /// The project that lists are narrowed to and new things are put into; nil for no project.
    let project: String?

    init(organization: String, user: String, project: String? = nil) {
        self.organization = organization
        self.user = user
        self.project = project
    }
}
