public import JSON

/// A search over agents, in the body of a request; every condition has to hold.
public struct SearchAgents: Codable, Sendable {
    public var search: [AgentCondition]?
    public var projectID: String?
    /// Left out: 50.
    public var limit: Int?
    /// The `nextCursor` of the page before.
    public var after: String?
    public var sortBy: AgentOrder?
    public var ascending: Bool?

    public init() {}

    enum CodingKeys: String, VerbatimCodingKey {
        case search, limit, after, ascending, sortBy
        case projectID = "project_id"
    }
}

/// One condition of a search, told apart by `field`.
public enum AgentCondition: Codable, Sendable {
    case nameEquals(String)
    case nameContains(String)
    /// Every tag has to be there.
    case tags([String])
    /// The id or the key of an identity.
    case identity(String)
    case templateName(String)
    case templateVersion(String)

    private enum CodingKeys: String, CodingKey {
        case field, value
        case comparison = "operator"
    }

    private enum Field: String, Codable, CaseIterable {
        case name, tags, identity, templateName, version
    }

    private enum Comparison: String, Codable, CaseIterable {
        case equals = "eq"
        case contains
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        switch try fields.decode(Field.self, forKey: .field) {
        case .name:
            let text = try fields.decode(String.self, forKey: .value)
            switch try fields.decode(.comparison, or: Comparison.equals) {
            case .equals: self = .nameEquals(text)
            case .contains: self = .nameContains(text)
            }
        case .tags: self = .tags(try fields.decode([String].self, forKey: .value))
        case .identity: self = .identity(try fields.decode(String.self, forKey: .value))
        case .templateName: self = .templateName(try fields.decode(String.self, forKey: .value))
        case .version: self = .templateVersion(try fields.decode(String.self, forKey: .value))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        func put(_ field: Field, _ value: some Encodable, _ comparison: Comparison?) throws {
            try fields.encode(field, forKey: .field)
            try fields.encodeIfPresent(comparison, forKey: .comparison)
            try fields.encode(value, forKey: .value)
        }
        switch self {
        case .nameEquals(let text): try put(.name, text, .equals)
        case .nameContains(let text): try put(.name, text, .contains)
        case .tags(let tags): try put(.tags, tags, .contains)
        case .identity(let key): try put(.identity, key, .equals)
        case .templateName(let name): try put(.templateName, name, .equals)
        case .templateVersion(let version): try put(.version, version, nil)
        }
    }
}

/// A page of found agents.
public struct AgentSearchResult: Decodable, Sendable, JSONWritable {
    public var agents: [AgentState]
    /// Give it as `after` for the next page; nil at the end.
    public var nextCursor: String?

    public init(agents: [AgentState], nextCursor: String?) {
        self.agents = agents
        self.nextCursor = nextCursor
    }

    enum CodingKeys: String, VerbatimCodingKey {
        case agents, nextCursor
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("agents", agents)
            $0.field("nextCursor", nextCursor)
        }
    }
}
