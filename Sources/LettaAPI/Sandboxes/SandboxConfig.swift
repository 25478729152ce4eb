public import JSON

/// The settings of one type of sandbox. An organization has at most one row of each type.
public struct SandboxConfig: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "sandbox"

    public var id: ID<SandboxConfig>
    public var type: SandboxType
    public var config: ObjectDocument
    public var organizationID: String
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<SandboxConfig>, type: SandboxType, config: ObjectDocument, organizationID: String, createdByID: String?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.type = type
        self.config = config
        self.organizationID = organizationID
        self.createdByID = createdByID
        self.createdAt = createdAt
        lastUpdatedByID = createdByID
        updatedAt = createdAt
    }
}

/// Where tools run. This server runs them in its own sandbox (`local`); the other two are hosted services.
public enum SandboxType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case local, e2b, modal
}

/// An environment variable that an organization's tools get. The value is masked in every response.
public struct SandboxVariable: ListedResource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "sandbox-env"

    public var id: ID<SandboxVariable>
    public var sandboxConfigID: ID<SandboxConfig>
    public var key: String
    public var value: String
    public var valueEnc: String
    public var description: String?
    public var organizationID: String
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: ID<SandboxVariable>, sandboxConfigID: ID<SandboxConfig>, key: String, mask: String,
        organizationID: String, createdAt: Timestamp
    ) {
        self.id = id
        self.sandboxConfigID = sandboxConfigID
        self.key = key
        self.organizationID = organizationID
        self.createdAt = createdAt
        value = mask
        valueEnc = mask
        updatedAt = createdAt
    }
}

// MARK: Bodies

public struct LocalSandboxSettings: Codable, Sendable {
    public var sandboxDir: String?
    public var useVenv: Bool?
    public var venvName: String?
    public var pipRequirements: [ToolRequirement]?

    public init() {}
}

private struct E2BSandboxSettings: Codable {
    var timeout: Int?
    var template: String?
    var pipRequirements: [String]?
}

private struct ModalSandboxSettings: Codable {
    enum Language: String, Codable, CaseIterable {
        case python, typescript
    }

    var timeout: Int?
    var pipRequirements: [String]?
    var npmRequirements: [String]?
    var language: Language?
}

/// The settings of a sandbox as a client sends them. The members tell the type: the one with most of them, among equals
/// the first of ``SandboxType``.
public struct SandboxSettings: Codable, Sendable {
    /// What the settings are for each type that they are valid for, without nulls and members of other types.
    public let variants: [SandboxType: JSONObject]
    public let type: SandboxType

    public init(_ settings: LocalSandboxSettings) throws {
        type = .local
        variants = [.local: try Self.members(of: settings)]
    }

    public init(from decoder: any Decoder) throws {
        let decodings: [(SandboxType, (any Decoder) throws -> JSONObject)] = [
            (.local, { try Self.members(of: LocalSandboxSettings(from: $0)) }),
            (.e2b, { try Self.members(of: E2BSandboxSettings(from: $0)) }),
            (.modal, { try Self.members(of: ModalSandboxSettings(from: $0)) }),
        ]
        var variants: [SandboxType: JSONObject] = [:]
        var failure: (any Error)?
        var best: SandboxType?
        for (type, decode) in decodings {
            do {
                let members = try decode(decoder)
                variants[type] = members
                if let found = best, let most = variants[found], most.count >= members.count { continue }
                best = type
            } catch {
                failure = failure ?? error
            }
        }
        // Where members that no type accepts are all there is, the error says more than empty settings.
        if let failure, best.flatMap({ variants[$0]?.count }) ?? 0 == 0 { throw failure }
        self.variants = variants
        type = best ?? .local
    }

    public func encode(to encoder: any Encoder) throws {
        try JSONValue.object(variants[type] ?? [:]).encode(to: encoder)
    }

    private static func members(of settings: some Encodable) throws -> JSONObject {
        try JSONEncoding(omitsNil: true).encode(settings).object ?? [:]
    }
}

/// New settings, which replace those of the same type.
public struct CreateSandboxConfig: Codable, Sendable {
    public var config: SandboxSettings

    public init(config: SandboxSettings) {
        self.config = config
    }
}

public struct UpdateSandboxConfig: Codable, Sendable {
    /// Replaces all settings.
    public var config: Patch<SandboxSettings> = .keep

    public init() {}
}

/// A new variable, or the new value of the one with the same key.
public struct CreateSandboxVariable: Codable, Sendable {
    public var key: String
    public var value: String
    /// Left out: an existing description stays.
    public var description: String?

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

public struct UpdateSandboxVariable: Codable, Sendable {
    public var key: Patch<String> = .keep
    /// The mask stands for the stored value.
    public var value: Patch<String> = .keep
    public var description: Patch<String> = .keep

    public init() {}
}

public struct ListSandboxConfigs: PageQuery {
    public var sandboxType: SandboxType?
    public var before: String?
    public var after: String?
    /// Left out: 1,000.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

public struct ListSandboxVariables: PageQuery {
    public var before: String?
    public var after: String?
    /// Left out: 1,000.
    public var limit: Int?
    public var order: SortOrder?

    public init() {}
}

extension API {
    public enum Sandboxes {
        public static let list = Endpoint<NoPath, ListSandboxConfigs, NoBody, [SandboxConfig]>(
            .get, "/v1/sandbox-config/", "Lists the settings of sandboxes, oldest first.")
        public static let policy = Endpoint<NoPath, NoQuery, NoBody, SandboxPolicy>(
            .get, "/v1/sandbox-config/policy", "Says what holds tools back on this machine, and why.")
        public static let create = Endpoint<NoPath, NoQuery, CreateSandboxConfig, SandboxConfig>(
            .post, "/v1/sandbox-config/", "Creates the settings of a type of sandbox, or replaces them.")
        public static let createLocal = Endpoint<NoPath, NoQuery, LocalSandboxSettings, SandboxConfig>(
            .post, "/v1/sandbox-config/local", "Creates the settings of the local sandbox, or replaces them.")
        public static let localDefault = Endpoint<NoPath, NoQuery, NoBody, SandboxConfig>(
            .post, "/v1/sandbox-config/local/default",
            "Returns the settings of the local sandbox; creates them when there are none.")
        public static let e2bDefault = Endpoint<NoPath, NoQuery, NoBody, SandboxConfig>(
            .post, "/v1/sandbox-config/e2b/default",
            "Returns the settings of the E2B sandbox; creates them when there are none.")
        public static let recreateVenv = Endpoint<NoPath, NoQuery, NoBody, SandboxConfig>(
            .post, "/v1/sandbox-config/local/recreate-venv",
            "Returns the settings of the local sandbox, which has no virtual environment to recreate.")
        public static let update = Endpoint<ID<SandboxConfig>, NoQuery, UpdateSandboxConfig, SandboxConfig>(
            .patch, "/v1/sandbox-config/{sandbox_config_id}", "Replaces the settings of a sandbox.")
        public static let delete = Endpoint<ID<SandboxConfig>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/sandbox-config/{sandbox_config_id}",
            "Deletes the settings of a sandbox with its environment variables.", status: 204)
        public static let variables = Endpoint<
            ID<SandboxConfig>, ListSandboxVariables, NoBody, [SandboxVariable]
        >(
            .get, "/v1/sandbox-config/{sandbox_config_id}/environment-variable",
            "Lists the environment variables of a sandbox, oldest first, with masked values.")
        public static let createVariable = Endpoint<
            ID<SandboxConfig>, NoQuery, CreateSandboxVariable, SandboxVariable
        >(
            .post, "/v1/sandbox-config/{sandbox_config_id}/environment-variable",
            "Creates an environment variable of a sandbox, or changes the one with the same key.")
        public static let updateVariable = Endpoint<
            ID<SandboxVariable>, NoQuery, UpdateSandboxVariable, SandboxVariable
        >(
            .patch, "/v1/sandbox-config/environment-variable/{env_var_id}",
            "Changes the fields present in the body.")
        public static let deleteVariable = Endpoint<ID<SandboxVariable>, NoQuery, NoBody, NullOutput>(
            .delete, "/v1/sandbox-config/environment-variable/{env_var_id}", "Deletes an environment variable.",
            status: 204)
    }
}
