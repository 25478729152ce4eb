import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// A provider with its encrypted keys.
struct ProviderRow: Codable, Sendable, Equatable {
    let id: ID<Provider>
    let organizationID: String
    var name: String
    var providerType: ProviderType
    var baseURL: String?
    var region: String?
    var apiVersion: String?
    var sealedAPIKey: String?
    var sealedAccessKey: String?
    var lastSynced: Timestamp?
    var lastError: String?
    let createdAt: Timestamp
    /// Increases with every change of the settings.
    var updatedAt: Timestamp

    /// The columns that a key is encrypted for; it decrypts in no other.
    enum KeyColumn: String, CaseIterable {
        case apiKey = "sealed_api_key"
        case accessKey = "sealed_access_key"

        func place(of id: ID<Provider>) -> String { "provider/\(id)/\(rawValue)" }
    }

    var wire: Provider {
        var wire = Provider(
            id: id, name: name, providerType: providerType, organizationID: organizationID, updatedAt: updatedAt)
        wire.baseURL = baseURL
        wire.region = region
        wire.apiVersion = apiVersion
        wire.lastSynced = lastSynced
        wire.lastError = lastError
        wire.apiKeyEnc = sealedAPIKey.map { _ in SealedSecret.mask }
        wire.accessKeyEnc = sealedAccessKey.map { _ in SealedSecret.mask }
        return wire
    }
}

/// What is kept of a listed model.
struct ListedModel: Codable, Sendable {
    var name: String
    var isEmbedding: Bool
    var contextWindow: Int
    var maxTokens: Int
    var embeddingDimensions: Int?
    /// Nil in listings that were stored by earlier versions.
    var isGuessedDimensions: Bool?

    init(_ model: ModelDescription) {
        name = model.name
        isEmbedding = model.modelType == .embedding
        contextWindow = model.contextWindow
        maxTokens = model.maxTokens
        embeddingDimensions = model.embeddingDimensions
        isGuessedDimensions = model.isGuessedDimensions ? true : nil
    }

    func description(of provider: ProviderRow) -> ModelDescription {
        var model = ModelDescription(
            handle: "\(provider.name)/\(name)", name: name, modelType: isEmbedding ? .embedding : .llm,
            settings: provider.settings(key: nil), contextWindow: contextWindow, maxTokens: maxTokens,
            embeddingDimensions: embeddingDimensions)
        model.isGuessedDimensions = isGuessedDimensions ?? false
        return model
    }
}

/// Table `provider`.
enum ProviderStore {
    static let table = Table<ProviderRow>("provider")

    static func page(_ query: ListProviders, _ db: Transaction) throws -> Page<ProviderRow> {
        try db.page(
            table, query,
            where: [
                query.name.map { "name = \($0)" }, query.providerType.map { "provider_type = \($0.rawValue)" },
            ])
    }

    /// All of the organization, oldest first.
    static func all(_ db: Transaction) throws -> [ProviderRow] {
        try db.fetchAll(table, where: "1 = 1", orderBy: "created_at, id")
    }

    static func find(_ name: String, _ db: Transaction) throws -> ProviderRow? {
        try db.fetchAll(table, where: "name = \(name)").first
    }

    // MARK: Listings

    /// The providers, oldest first, with the models that they listed last; all of them, or the one with a name.
    static func listings(
        named name: String? = nil, _ db: Transaction
    ) throws -> [(provider: ProviderRow, models: [ModelDescription])] {
        let named: SQLText = name.map { " AND name = \($0)" } ?? ""
        let rows = try db.rows(
            """
            SELECT \(table.columns), models FROM provider
            WHERE organization_id = \(db.organization)\(named) ORDER BY created_at, id
            """)
        return try rows.map { row in
            let provider = try table.row(row)
            let models = try JSONDecoding().decode(
                [ListedModel].self, from: RawJSON(trusted: try row["models"]).value())
            return (provider, models.map { $0.description(of: provider) })
        }
    }

    /// Stores a listing, unless the settings have changed since.
    static func setModels(_ models: [ModelDescription], of provider: ProviderRow, at time: Timestamp, _ db: Transaction)
        throws
    {
        let text = String(decoding: try JSONEncoding().encodeBytes(models.map(ListedModel.init)), as: UTF8.self)
        try db.execute(
            """
            UPDATE provider SET models = \(text), last_synced = \(time), last_error = NULL
            WHERE \(condition(provider, db))
            """)
    }

    /// Stores why listing failed, unless the settings have changed since. The last good listing stays.
    static func setError(_ error: String, of provider: ProviderRow, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE provider SET last_error = \(error)
            WHERE \(condition(provider, db)) AND COALESCE(last_error, '') <> \(error)
            """)
    }

    private static func condition(_ provider: ProviderRow, _ db: Transaction) -> SQLText {
        "organization_id = \(db.organization) AND id = \(provider.id) AND updated_at = \(provider.updatedAt)"
    }

    // MARK: Keys

    /// Encrypts the keys of all organizations with the newest encryption key.
    static func sealAnew(_ box: SecretBox, _ db: any SQLExecutor, _ logger: Logger) throws {
        for column in ProviderRow.KeyColumn.allCases {
            let name = SQLText(identifier: column.rawValue)
            let rows = try db.rows(
                "SELECT organization_id, id, \(name) AS sealed FROM provider WHERE \(name) IS NOT NULL")
            for row in rows {
                let organization: String = try row["organization_id"]
                let id: ID<Provider> = try row["id"]
                let sealed = try box.sealAnew(try row["sealed"], for: column.place(of: id), logger)
                try db.execute(
                    "UPDATE provider SET \(name) = \(sealed) WHERE organization_id = \(organization) AND id = \(id)")
            }
        }
    }
}
