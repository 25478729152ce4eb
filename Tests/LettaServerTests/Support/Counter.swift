import Synchronization

/// Counts up from 1, whoever asks.
final class Counter: Sendable {
    private let count = Mutex<Int64>(0)

    var value: Int64 { count.withLock { $0 } }

    /// How far it has come; it begins anew then.
    func take() -> Int64 {
        count.withLock { count in
            defer { count = 0 }
            return count
        }
    }

    @discardableResult
    func next() -> Int64 {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
