public import JSON

/// Which project, template and deployment a resource came from; all nil for one made by hand. On the wire these are
/// members of the resource.
public struct TemplateOrigin: Codable, Sendable, Hashable, JSONFlattened {
    public var projectID: String?
    public var templateID: String?
    public var baseTemplateID: String?
    public var deploymentID: String?
    public var entityID: String?

    public init() {}
}
