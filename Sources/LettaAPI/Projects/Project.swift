public import JSON

/// What agents and templates are grouped by. A request names one in the header `X-Project`.
public struct Project: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "project"
    /// The project of all that names none; on the wire of other resources it is `null`.
    public static let defaultID = ID<Project>("project-00000000-0000-4000-8000-000000000000")
    public static let defaultSlug = "default-project"

    public var id: ID<Project>
    public var name: String
    /// What the header names.
    public var slug: String

    public init(id: ID<Project>, name: String, slug: String) {
        self.id = id
        self.name = name
        self.slug = slug
    }

    public static let standard = Project(id: defaultID, name: "Default Project", slug: defaultSlug)
}

/// A page of projects.
public struct ProjectList: Codable, Sendable, JSONWritable {
    public var projects: [Project]
    public var hasNextPage: Bool

    public init(_ projects: [Project], hasNextPage: Bool) {
        self.projects = projects
        self.hasNextPage = hasNextPage
    }

    enum CodingKeys: String, VerbatimCodingKey {
        case projects, hasNextPage
    }
}

public struct ListProjects: Codable, Sendable {
    /// Part of the name, in any case.
    public var name: String?
    public var offset: Int?
    public var limit: Int?

    public init() {}
}

extension API {
    public enum Projects {
        public static let list = Endpoint<NoPath, ListProjects, NoBody, ProjectList>(
            .get, "/v1/projects", "Lists projects, the default one first.")
    }
}
