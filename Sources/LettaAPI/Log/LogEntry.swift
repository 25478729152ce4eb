public import JSON

/// What a server logged.
public struct LogEntry: Codable, Sendable, JSONWritable {
    /// By urgency.
    public enum Level: String, Codable, Sendable, CaseIterable, JSONWritable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// Counts up from 1 at each start of the server.
    public var id: Int
    public var time: Timestamp
    public var level: Level
    /// The part of the program that wrote it.
    public var source: String
    public var message: String
    public var metadata: [String: String]

    public init(
        id: Int, time: Timestamp, level: Level, source: String, message: String, metadata: [String: String]
    ) {
        self.id = id
        self.time = time
        self.level = level
        self.source = source
        self.message = message
        self.metadata = metadata
    }
}

/// Which entries are read.
public struct ReadLog: Codable, Sendable {
    /// The least urgent level; left out: all that are logged.
    public var level: LogEntry.Level?
    /// Text that the message, its source or its metadata have, in capitals or not.
    public var text: String?
    /// Only entries behind this one.
    public var after: Int?
    /// How many of the newest, 1 to 2000; 200 when left out.
    public var count: Int?

    public init() {}
}

extension API {
    /// The server's log.
    public enum Log {
        public static let read = Endpoint<NoPath, ReadLog, NoBody, [LogEntry]>(
            .get, "/v1/server/log", "Reads what this server logged lately, oldest first.")
    }
}
