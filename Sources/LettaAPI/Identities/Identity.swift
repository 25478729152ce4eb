public import JSON

/// Somebody or something outside the server whom agents and blocks belong to: a person, an organization, a device.
public struct Identity: ListedResource, Codable, Sendable, Equatable, JSONWritable {
    public static let idPrefix = "identity"

    public var id: ID<Identity>
    /// The client's own name for it, unique in a project.
    public var identifierKey: String
    public var name: String
    public var identityType: IdentityType
    public var projectID: String?
    /// Empty inside an agent.
    public var agentIDs: [ID<AgentState>] = []
    /// Empty inside an agent.
    public var blockIDs: [ID<Block>] = []
    public var organizationID: String
    public var properties: [IdentityProperty]

    public init(
        id: ID<Identity>, identifierKey: String, name: String, identityType: IdentityType, organizationID: String
    ) {
        self.id = id
        self.identifierKey = identifierKey
        self.name = name
        self.identityType = identityType
        self.organizationID = organizationID
        properties = []
    }
}

public enum IdentityType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case org, user, other
}

/// A fact about an identity under a key of the client's.
public struct IdentityProperty: Codable, Sendable, Hashable, JSONWritable {
    /// What a value is meant to be.
    public enum ValueType: String, Codable, Sendable, CaseIterable, JSONWritable {
        case string, number, boolean, json
    }

    public var key: String
    /// A string, a number, a boolean or an object.
    public var value: JSONValue
    public var type: ValueType
}

/// A new identity, or the new state of one that has the same key.
public struct CreateIdentity: Codable, Sendable {
    public var identifierKey: String
    public var name: String
    public var identityType: IdentityType
    public var projectID: String?
    public var agentIDs: [ID<AgentState>]?
    public var blockIDs: [ID<Block>]?
    public var properties: [IdentityProperty]?

    public init(identifierKey: String, name: String, identityType: IdentityType) {
        self.identifierKey = identifierKey
        self.name = name
        self.identityType = identityType
    }
}

/// The changes a client may make to an identity. A field left out keeps its value.
public struct UpdateIdentity: Codable, Sendable {
    public var identifierKey: Patch<String> = .keep
    public var name: Patch<String> = .keep
    public var identityType: Patch<IdentityType> = .keep
    public var agentIDs: Patch<[ID<AgentState>]> = .keep
    public var blockIDs: Patch<[ID<Block>]> = .keep
    public var properties: Patch<[IdentityProperty]> = .keep

    public init() {}
}

public struct ListIdentities: PageQuery {
    /// A part of the name, whatever the case.
    public var name: String?
    public var projectID: String?
    public var identifierKey: String?
    public var identityType: IdentityType?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

/// Pages through what an identity has.
public struct ListOfIdentity: PageQuery {
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// For agents: what is loaded beside their own fields.
    public var include: [AgentInclusion]?

    public init() {}
}

extension API {
    public enum Identities {
        public static let list = Endpoint<NoPath, ListIdentities, NoBody, [Identity]>(
            .get, "/v1/identities/", "Lists identities, newest first.")
        public static let create = Endpoint<NoPath, NoQuery, CreateIdentity, Identity>(
            .post, "/v1/identities/", "Creates an identity.")
        public static let upsert = Endpoint<NoPath, NoQuery, CreateIdentity, Identity>(
            .put, "/v1/identities/", "Creates an identity, or replaces the one with the same key.")
        public static let count = Endpoint<NoPath, NoQuery, NoBody, Int>(
            .get, "/v1/identities/count", "Counts identities.")
        public static let retrieve = Endpoint<ID<Identity>, NoQuery, NoBody, Identity>(
            .get, "/v1/identities/{identity_id}", "Retrieves an identity.")
        public static let update = Endpoint<ID<Identity>, NoQuery, UpdateIdentity, Identity>(
            .patch, "/v1/identities/{identity_id}", "Changes the fields present in the body.")
        public static let delete = Endpoint<ID<Identity>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/identities/{identity_id}", "Deletes an identity; its agents and blocks stay.")
        public static let setProperties = Endpoint<ID<Identity>, NoQuery, [IdentityProperty], Identity>(
            .put, "/v1/identities/{identity_id}/properties", "Sets properties; those with other keys stay.")
        public static let agents = Endpoint<ID<Identity>, ListOfIdentity, NoBody, [AgentState]>(
            .get, "/v1/identities/{identity_id}/agents", "Lists the agents of an identity, newest first.")
        public static let blocks = Endpoint<ID<Identity>, ListOfIdentity, NoBody, [Block]>(
            .get, "/v1/identities/{identity_id}/blocks", "Lists the blocks of an identity, newest first.")
        public static let attachToAgent = Endpoint<NestedPath<AgentState, Identity>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/agents/{agent_id}/identities/attach/{identity_id}", "Gives an identity to an agent.")
        public static let detachFromAgent = Endpoint<NestedPath<AgentState, Identity>, NoQuery, NoBody, NullOutput>(
            .patch, "/v1/agents/{agent_id}/identities/detach/{identity_id}", "Takes an identity from an agent.")
        public static let attachToBlock = Endpoint<NestedPath<Block, Identity>, NoQuery, NoBody, Block>(
            .patch, "/v1/blocks/{block_id}/identities/attach/{identity_id}", "Gives an identity to a block.")
        public static let detachFromBlock = Endpoint<NestedPath<Block, Identity>, NoQuery, NoBody, Block>(
            .patch, "/v1/blocks/{block_id}/identities/detach/{identity_id}", "Takes an identity from a block.")
    }
}
