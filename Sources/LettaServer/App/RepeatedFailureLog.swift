package import Logging
import Synchronization

/// Logs a warning or an error that repeats once a minute, with the number of repetitions, instead of each time: a full
/// disk fails every request.
///
/// Two events are the same when their message and the cause of their error are: the text before a statement's SQL.
package struct RepeatedFailureLog: LogHandler {
    private var base: any LogHandler
    private let window: Window

    /// Copies of the handler share `window`.
    package init(_ base: any LogHandler, window: Window) {
        self.base = base
        self.window = window
    }

    package var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    package var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) {
        guard event.level >= .warning else { return base.log(event: event) }
        let error = event.metadata?["error"].map { "\($0)" } ?? event.error.map { "\($0)" } ?? ""
        let cause = error.split(separator: " in: ", maxSplits: 1).first.map { String($0.prefix(200)) } ?? ""
        guard let repetitions = window.admit("\(event.message) \(cause)") else { return }
        guard repetitions > 0 else { return base.log(event: event) }
        var event = event
        event.metadata = (event.metadata ?? [:]).merging(["repetitions": "\(repetitions)"]) { $1 }
        base.log(event: event)
    }

    /// Counts events by their key over time.
    package final class Window: Sendable {
        private struct Entry {
            var end: ContinuousClock.Instant
            var suppressed = 0
        }

        static let length = Duration.seconds(60)
        /// More different failures at a time are not told apart.
        private static let limit = 256

        private let entries = Mutex<[String: Entry]>([:])
        private let now: @Sendable () -> ContinuousClock.Instant

        package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
            self.now = now
        }

        /// Returns how many events were suppressed since the last one that was admitted; nil to suppress this one too.
        fileprivate func admit(_ key: String) -> Int? {
            let now = now()
            return entries.withLock { entries in
                var key = key
                if entries[key] == nil, entries.count >= Self.limit {
                    entries = entries.filter { $0.value.end > now }
                    if entries.count >= Self.limit { key = "" }
                }
                guard let entry = entries[key], entry.end > now else {
                    let suppressed = entries[key]?.suppressed ?? 0
                    entries[key] = Entry(end: now.advanced(by: Self.length))
                    return suppressed
                }
                entries[key]?.suppressed += 1
                return nil
            }
        }
    }
}
