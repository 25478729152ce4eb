import JSON
import LettaAPI
import Storage

/// Tells and changes what can be set while the server runs. What is set holds for the next agent, folder or sweep, on all
/// servers of the database.
struct ServerSettingService: Sendable {
    let defaults: ServerDefaults
    let models: ModelService

    private static let mostDays = 1_000_000
    private static let mostBytes = 1 << 50

    func retrieve() async throws -> ServerSettings { try await defaults.settings() }

    /// - Throws: `APIError`: 409 for a setting that the configuration has fixed, 404 or 400 for a model that is not there,
    ///   422 for a number out of range.
    func update(_ change: UpdateServerSettings, as scope: Scope) async throws -> ServerSettings {
        for (setting, variable) in defaults.variables where change.changes(setting) {
            throw APIError.conflict("The server's configuration sets \(setting): \(variable)")
        }
        try Self.check("trace_retention_days", change.traceRetentionDays.value, most: Self.mostDays)
        try Self.check("trace_max_bytes", change.traceMaxBytes.value, most: Self.mostBytes)
        if let handle = change.defaultModel.value { _ = try await models.languageModel(handle, as: scope) }
        if let handle = change.defaultEmbeddingModel.value { _ = try await models.embeddingModel(handle, as: scope) }
        let chosen = try await defaults.core.storage.write { db in
            var chosen = try ServerDefaults.chosen(db)
            change.defaultModel.apply(to: &chosen.defaultModel)
            change.defaultEmbeddingModel.apply(to: &chosen.defaultEmbeddingModel)
            change.traceRetentionDays.apply(to: &chosen.traceRetentionDays)
            change.traceMaxBytes.apply(to: &chosen.traceMaxBytes)
            try ServerDefaults.set(chosen, db)
            return chosen
        }
        return defaults.settings(by: chosen)
    }

    private static func check(_ name: String, _ value: Int?, most: Int) throws {
        guard let value, !(1...most).contains(value) else { return }
        throw APIError.invalidField(name, "must be a whole number from 1 to \(most)", input: .int(Int64(value)))
    }
}

extension UpdateServerSettings {
    fileprivate func changes(_ setting: String) -> Bool {
        switch setting {
        case "default_model": !defaultModel.isKept
        case "trace_retention_days": !traceRetentionDays.isKept
        default: !traceMaxBytes.isKept
        }
    }
}
