import LettaAPI
import Synchronization

/// Which uses of keys are worth a write: one a minute of each key, however many requests come at once.
final class APIKeyUses: Sendable {
    /// In microseconds.
    private static let interval: Int64 = 60 * 1_000_000

    private let noted = Mutex<[ID<APIKey>: Timestamp]>([:])

    /// The latest stored use that is old enough for another one.
    static func previous(to time: Timestamp) -> Timestamp {
        Timestamp(microseconds: time.microseconds - interval)
    }

    /// Whether the use of a key is to be stored now; counts as stored from then on.
    func isDue(_ key: APIKey, at time: Timestamp) -> Bool {
        let earliest = Self.previous(to: time)
        if let stored = key.lastUsedAt, stored > earliest { return false }
        return noted.withLock { noted in
            if let last = noted[key.id], last > earliest { return false }
            noted = noted.filter { $0.value > earliest }
            noted[key.id] = time
            return true
        }
    }
}
