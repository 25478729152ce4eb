import Synchronization

/// What a transaction gave back that others can see already, before it is sure to survive a loss of power.
package struct Committed<Value: Sendable>: Sendable {
    package let value: Value
    private let settlement: Settlement?

    /// - Parameter settlement: nil when nothing is left to be done.
    package init(_ value: Value, settlement: Settlement? = nil) {
        self.value = value
        self.settlement = settlement
    }

    /// Returns when what was written survives a loss of power; throws when it may not. It can't be cancelled: the disk
    /// is at it. It may be kept without the value.
    package var settle: @Sendable () async throws -> Void {
        { [settlement] in try await settlement?.wait() }
    }
}

/// Tells those who wait for it how something ended, once.
package final class Settlement: Sendable {
    private enum State {
        case open([CheckedContinuation<Void, any Error>])
        case ended(Result<Void, SQLFailure>)
    }

    private let state = Mutex(State.open([]))

    package init() {}

    package func end(_ result: Result<Void, SQLFailure>) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            guard case .open(let waiting) = state else { return [] }
            state = .ended(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(with: result.mapError { $0 }) }
    }

    func wait() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let ended = state.withLock { state -> Result<Void, SQLFailure>? in
                switch state {
                case .open(let waiting):
                    state = .open(waiting + [continuation])
                    return nil
                case .ended(let result):
                    return result
                }
            }
            if let ended { continuation.resume(with: ended.mapError { $0 }) }
        }
    }
}
