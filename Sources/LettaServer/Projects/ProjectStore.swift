import LettaAPI
import Storage

/// Table `project`: all projects but the default one.
enum ProjectStore {
    static let table = Table<Stored<Project>>("project")

    static func project(slug: String, _ db: Transaction) throws -> Project? {
        try db.fetchAll(table, where: "slug = \(slug)").first?.wire
    }

    static func projects(_ ids: [String], _ db: Transaction) throws -> [String: Project] {
        let rows = try db.fetch(table, ids.withoutDuplicates)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id.rawValue, $0.wire) })
    }

    /// All projects, oldest first.
    static func all(_ db: Transaction) throws -> [Project] {
        try db.fetchAll(table, where: "id >= ''", orderBy: "id").map(\.wire)
    }

    /// Does nothing when the slug is taken.
    static func insert(_ project: Project, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO project (organization_id, id, name, slug, created_at, updated_at)
            VALUES (\(db.organization), \(project.id), \(project.name), \(project.slug), \(time), \(time))
            ON CONFLICT (organization_id, slug) DO NOTHING
            """)
    }

    /// The condition that a row of a list belongs to the project. Rows without a project belong to the default one.
    static func condition(_ project: String) -> SQLText {
        project == Project.defaultID.rawValue
            ? "(project_id IS NULL OR project_id = \(project))" : "project_id = \(project)"
    }
}
