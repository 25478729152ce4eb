import LettaAPI
import Storage

/// A row of table `template`.
struct TemplateRow: Codable, Sendable {
    var id: ID<Template>
    /// Nil for the default project.
    var projectID: String?
    var name: String
    var description: String?
    /// The number of the newest saved version; there is always one.
    var latestVersion: Int
    var createdByID: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    func wire(in project: Project, version: String? = nil) -> Template {
        Template(
            id: id, name: name, project: project, latestVersion: latestVersion,
            shownVersion: version ?? String(latestVersion), description: description, updatedAt: updatedAt)
    }
}

/// A row of table `template_version`.
struct TemplateVersionRow: Codable, Sendable {
    /// The number of the working version.
    static let working = 0

    var id: ID<TemplateVersion>
    var templateID: ID<Template>
    var version: Int
    var message: String?
    var snapshot: Document<TemplateSnapshot>
    var createdAt: Timestamp
}
