import LettaAPI
import Synchronization

/// A time that stands still until a test moves it.
final class SettableTime: Sendable {
    private let microseconds = Mutex<Int64>(1_800_000_000_000_000)

    var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) }

    func pass(hours: Int64) {
        microseconds.withLock { $0 += hours * 3_600_000_000 }
    }
}
