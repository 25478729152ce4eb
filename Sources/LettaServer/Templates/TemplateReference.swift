import AgentEngine
import JSON
import LettaAPI
import Storage

/// What a client names a version of a template by: `[<project>/]<name>[:<version>]`, or the template's id in place of
/// the name.
struct TemplateReference: Sendable {
    enum Version: Sendable, Equatable {
        case working, latest
        case number(Int)
    }

    /// A slug or an id; nil for the default project.
    var project: String?
    var name: String
    /// Nil where the text names none.
    var version: Version?

    /// - Throws: `APIError` 404 for a version that can't be.
    init(_ text: String, in project: String?) throws {
        var rest = text[...]
        self.project = project
        if let slash = rest.firstIndex(of: "/") {
            self.project = String(rest[..<slash])
            rest = rest[rest.index(after: slash)...]
        }
        if let colon = rest.firstIndex(of: ":") {
            version = try Self.version(String(rest[rest.index(after: colon)...]))
            rest = rest[..<colon]
        }
        name = String(rest)
    }

    static func version(_ text: String) throws -> Version {
        switch text {
        case "current", "dev": return .working
        case "latest": return .latest
        default:
            guard let number = Int(text), number > 0 else {
                throw APIError(404, "Version \(text) not found. A version is a number, 'latest' or 'current'.")
            }
            return .number(number)
        }
    }

    /// - Throws: `APIError` 404.
    func template(locking: Bool = false, _ db: Transaction) throws -> (row: TemplateRow, project: Project) {
        let project = try ProjectService.project(project, db)
        if let row = try TemplateStore.template(name, in: project, locking: locking, db) { return (row, project) }
        let key = project.id == Project.defaultID ? nil : project.id.rawValue
        if name.hasPrefix("\(Template.idPrefix)-"),
            let row = try db.fetch(TemplateStore.table, name, locking: locking), row.projectID == key
        {
            return (row, project)
        }
        throw APIError(404, "Template \(name) not found in project \(project.slug)")
    }

    /// The named version; without one, the latest saved one.
    func version(of template: TemplateRow, _ db: Transaction) throws -> TemplateVersionRow {
        try Self.row(version ?? .latest, of: template, db)
    }

    static func row(_ version: Version, of template: TemplateRow, _ db: Transaction) throws -> TemplateVersionRow {
        let number =
            switch version {
            case .working: TemplateVersionRow.working
            case .latest: template.latestVersion
            case .number(let number): number
            }
        guard let row = try TemplateStore.version(number, of: template.id, db) else {
            throw APIError(
                404, "Template \(template.name) has no version \(number). The latest one is \(template.latestVersion).")
        }
        return row
    }
}

/// The rules of names of templates.
enum TemplateName {
    /// These stand at the place of a name in paths.
    private static let reserved: Set<String> = ["agents", "save", "rollback", "fork", "migrate", "snapshot"]

    static func check(_ name: String?, field: String = "name") throws {
        guard let name else { return }
        try KeyText.check(field, name)
        let isFine =
            !name.isEmpty && !reserved.contains(name)
            && !name.unicodeScalars.contains { $0 == ":" || $0 == "/" || $0.properties.generalCategory == .control }
        guard isFine else {
            throw APIError.invalidField(
                field,
                "must be a text without ':', '/' and control characters, other than "
                    + reserved.sorted().joined(separator: ", "), input: .string(name))
        }
    }

    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return AgentNames.random(using: &generator)
    }
}
