import JSON
import LettaAPI
import Storage

/// What holds where nobody says otherwise: by the configuration, else by what clients have set, else by the server itself.
struct ServerDefaults: Sendable {
    /// What the configuration says.
    struct Fixed: Sendable {
        /// `LETTA_DEFAULT_LLM_HANDLE`
        var model: String?
        /// `LETTA_TRACE_RETENTION_DAYS`
        var traceDays: Int?
        /// `LETTA_TRACE_MAX_BYTES`
        var traceBytes: Int?
    }

    /// What clients have set.
    struct Chosen: Codable, Sendable, JSONWritable {
        var defaultModel: String?
        var defaultEmbeddingModel: String?
        var traceRetentionDays: Int?
        var traceMaxBytes: Int?
    }

    static let traceDays = 7
    static let traceBytes = 1 << 30
    private static let name = "settings"

    let core: Core
    var fixed = Fixed()

    func settings() async throws -> ServerSettings {
        settings(by: try await core.storage.read { db in try Self.chosen(db) })
    }

    func settings(by chosen: Chosen) -> ServerSettings {
        var settings = ServerSettings(
            traceRetentionDays: fixed.traceDays ?? chosen.traceRetentionDays ?? Self.traceDays,
            traceMaxBytes: fixed.traceBytes ?? chosen.traceMaxBytes ?? Self.traceBytes)
        settings.defaultModel = fixed.model ?? chosen.defaultModel
        settings.defaultEmbeddingModel = chosen.defaultEmbeddingModel
        settings.fixed = variables.map(\.setting)
        return settings
    }

    /// The settings that can't be changed, with the variables that fix them.
    var variables: [(setting: String, variable: String)] {
        var variables: [(String, String)] = []
        if fixed.model != nil { variables.append(("default_model", "LETTA_DEFAULT_LLM_HANDLE")) }
        if fixed.traceDays != nil { variables.append(("trace_retention_days", "LETTA_TRACE_RETENTION_DAYS")) }
        if fixed.traceBytes != nil { variables.append(("trace_max_bytes", "LETTA_TRACE_MAX_BYTES")) }
        return variables
    }

    static func chosen(_ db: any SQLExecutor) throws -> Chosen { try ServerSettingStore.value(name, db) ?? Chosen() }

    static func set(_ chosen: Chosen, _ db: any SQLExecutor) throws {
        try ServerSettingStore.set(chosen, as: name, db)
    }
}
