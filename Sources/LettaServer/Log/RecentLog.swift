import LettaAPI
import Logging
import Synchronization

/// Keeps the newest entries of the log in memory, as they are written to standard error.
package final class RecentLog: Sendable {
    /// More entries push out the oldest.
    static let capacity = 2_000
    /// Longer texts are cut, in bytes.
    private static let longest = 4_000

    private struct Ring {
        var entries: [LogEntry] = []
        var count = 0
    }

    private let ring = Mutex(Ring())

    package init() {}

    func append(_ event: LogEvent, _ metadata: Logger.Metadata) {
        guard !Self.isReading(metadata) else { return }
        let texts = metadata.map { ($0.key, Self.cut("\($0.value)")) }
        ring.withLock { ring in
            ring.count += 1
            let entry = LogEntry(
                id: ring.count, time: .now, level: LogEntry.Level(rawValue: event.level.rawValue) ?? .info,
                source: event.source, message: Self.cut("\(event.message)"),
                metadata: Dictionary(texts) { $1 })
            if ring.entries.count < Self.capacity {
                ring.entries.append(entry)
            } else {
                ring.entries[(ring.count - 1) % Self.capacity] = entry
            }
        }
    }

    /// The newest `count` that fit, oldest first.
    func entries(_ query: ReadLog, count: Int) -> [LogEntry] {
        let all = ring.withLock { ring -> [LogEntry] in
            let start = ring.entries.count < Self.capacity ? 0 : ring.count % Self.capacity
            return Array(ring.entries[start...] + ring.entries[..<start])
        }
        let levels = LogEntry.Level.allCases
        let least = query.level.flatMap(levels.firstIndex) ?? 0
        let text = query.text?.lowercased() ?? ""
        return all.filter { entry in
            entry.id > query.after ?? 0 && (levels.firstIndex(of: entry.level) ?? 0) >= least
                && (text.isEmpty || entry.has(text))
        }.suffix(count)
    }

    /// Whether it says that somebody read these entries: who follows them would fill them with that alone.
    private static func isReading(_ metadata: Logger.Metadata) -> Bool {
        metadata["http.route"] == "/v1/server/log" && metadata["http.status"]?.description == "200"
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= longest ? text : String(decoding: text.utf8.prefix(longest), as: UTF8.self) + "…"
    }
}

extension LogEntry {
    /// - Parameter text: in small letters.
    fileprivate func has(_ text: String) -> Bool {
        ([message, source] + metadata.map { "\($0.key)=\($0.value)" }).contains { $0.lowercased().contains(text) }
    }
}
