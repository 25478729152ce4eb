public import JSON

/// What can be set while the server runs. The environment goes before it.
public struct ServerSettings: Codable, Sendable, Equatable, JSONWritable {
    /// The handle of the model of an agent whose creator names none; null: the local one, where it is installed.
    public var defaultModel: String?
    /// The handle of the embedding model of an agent or a folder whose creator names none; null: the local one, where it is
    /// installed.
    public var defaultEmbeddingModel: String?
    /// How many days traces of model calls are kept.
    public var traceRetentionDays: Int
    /// Up to which size traces of model calls are kept, in bytes.
    public var traceMaxBytes: Int
    /// The settings that the server's configuration has fixed.
    public var fixed: [String]

    public init(traceRetentionDays: Int, traceMaxBytes: Int) {
        self.traceRetentionDays = traceRetentionDays
        self.traceMaxBytes = traceMaxBytes
        fixed = []
    }
}

/// The changes a client may make to the settings of the server. A field left out keeps its value; null goes back to the
/// server's own choice.
public struct UpdateServerSettings: Codable, Sendable {
    public var defaultModel: Patch<String> = .keep
    public var defaultEmbeddingModel: Patch<String> = .keep
    /// From 1 to 1000000.
    public var traceRetentionDays: Patch<Int> = .keep
    /// From 1 to 1125899906842624 (a petabyte).
    public var traceMaxBytes: Patch<Int> = .keep

    public init() {}
}

extension API {
    /// What can be set while the server runs.
    public enum Settings {
        public static let retrieve = Endpoint<NoPath, NoQuery, NoBody, ServerSettings>(
            .get, "/v1/server/settings", "Tells what is set, and what the configuration has fixed.")
        public static let update = Endpoint<NoPath, NoQuery, UpdateServerSettings, ServerSettings>(
            .patch, "/v1/server/settings", "Changes default models and how long traces are kept.")
    }
}
