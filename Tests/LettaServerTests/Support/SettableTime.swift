import LettaAPI
import Synchronization

/// A time that stands still until a test moves it.
final class SettableTime: Sendable {
    private let microseconds = Mutex<Int64>(1_800_000_000_000_000)

    var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) }

    func pass(hours: Int64) { pass(seconds: hours * 3_600) }

    func pass(seconds: Int64) {
        microseconds.withLock { $0 += seconds * 1_000_000 }
    }
}
