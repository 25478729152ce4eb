import Synchronization

/// Lets callers wait for something that happens once. A caller that is cancelled stops waiting.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = Mutex(State())

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// - Throws: `CancellationError`.
    func wait() async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.isOpen { return .success(()) }
                    // The handler below may have run before there was anything for it to find.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }
}

/// Counts who uses something, so that it can be taken away when nobody does.
final class UseCount: Sendable {
    private let state = Mutex<(count: Int, idle: Latch?)>((0, nil))

    var isZero: Bool { state.withLock { $0.count == 0 } }

    func begin() {
        state.withLock { $0.count += 1 }
    }

    func end() {
        let idle = state.withLock { state -> Latch? in
            state.count -= 1
            guard state.count == 0 else { return nil }
            defer { state.idle = nil }
            return state.idle
        }
        idle?.open()
    }

    /// Returns when the count was zero once.
    ///
    /// - Throws: `CancellationError`.
    func waitForZero() async throws {
        let idle = state.withLock { state -> Latch? in
            guard state.count > 0 else { return nil }
            let idle = state.idle ?? Latch()
            state.idle = idle
            return idle
        }
        try await idle?.wait()
    }
}
