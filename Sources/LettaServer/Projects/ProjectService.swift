import JSON
import LettaAPI
import Storage

/// Projects. One comes into being with the first change whose `X-Project` header names it.
struct ProjectService: Sendable {
    let core: Core

    /// Of an organization, beside the default one: who may write could otherwise fill the table by headers.
    private static let most = 1_000
    /// In bytes.
    private static let longestSlug = 200

    func list(_ query: ListProjects, as scope: Scope) async throws -> (list: ProjectList, next: Int?) {
        try KeyText.check("name", query.name, in: "query")
        let page = try OffsetPage(offset: query.offset, limit: query.limit)
        let all = try await core.storage.read(as: scope) { db in try ProjectStore.all(db) }
        let name = query.name?.lowercased() ?? ""
        let found = ([Project.standard] + all).filter { name.isEmpty || $0.name.lowercased().contains(name) }
        let items = Array(found.dropFirst(page.offset).prefix(page.limit))
        let next = page.next(hasMore: found.count > page.offset + items.count)
        return (ProjectList(items, hasNextPage: next != nil), next)
    }

    /// The id of the project that a header names by slug or id; nil for the default one.
    ///
    /// - Parameter creating: whether an unknown one comes into being. Otherwise nothing belongs to it.
    func id(named text: String, in organization: String, creating: Bool) async throws -> String? {
        guard text != Project.defaultSlug, text != Project.defaultID.rawValue else { return nil }
        let scope = Scope(organization: organization, user: User.defaultID.rawValue)
        let known = try await core.storage.read(as: scope) { db in try Self.find(text, db) }
        if let known { return known.id.rawValue }
        guard creating else { return text }
        guard text.utf8.count <= Self.longestSlug,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control || $0 == "/" })
        else {
            throw APIError.invalidArgument(
                "The header X-Project names a project with up to \(Self.longestSlug) bytes, without slashes.")
        }
        let project = Project(id: core.ids.next(), name: text, slug: text)
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            guard try db.count(ProjectStore.table, where: []) < Self.most else {
                throw APIError.conflict(
                    "The organization already has \(Self.most) projects. Name one of them in the header X-Project.")
            }
            try ProjectStore.insert(project, at: time, db)
            return try ProjectStore.project(slug: text, db)?.id.rawValue
        }
    }

    private static func find(_ text: String, _ db: Transaction) throws -> Project? {
        try ProjectStore.project(slug: text, db) ?? db.fetch(ProjectStore.table, text)?.wire
    }

    /// The project with this slug or id.
    ///
    /// - Throws: `APIError` 404.
    static func project(_ text: String?, _ db: Transaction) throws -> Project {
        guard let text, text != Project.defaultSlug, text != Project.defaultID.rawValue else { return .standard }
        guard let project = try find(text, db) else {
            throw APIError(
                404, "Project \(text) not found. A change whose header X-Project names a new project creates it.")
        }
        return project
    }
}

/// A page of a list that clients read by numbers of elements.
struct OffsetPage: Sendable {
    let offset: Int
    let limit: Int
    private static let longest = 1_000
    private static let farthest = 1_000_000

    /// Without a limit 50; zero for as many as there may be.
    init(offset: Int?, limit: Int?) throws {
        for (name, number) in [("offset", offset), ("limit", limit)] {
            guard let number, !(0...Self.farthest).contains(number) else { continue }
            throw APIError.invalidField(
                name, "must be between 0 and \(Self.farthest)", input: .int(Int64(number)), in: "query")
        }
        self.offset = offset ?? 0
        let limit = limit ?? 50
        self.limit = limit == 0 ? Self.longest : min(limit, Self.longest)
    }

    func next(hasMore: Bool) -> Int? { hasMore ? offset + limit : nil }
}
