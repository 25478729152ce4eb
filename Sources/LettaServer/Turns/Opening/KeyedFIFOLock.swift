import Synchronization

/// A FIFO lock per key with a bounded wait queue.
///
/// A waiter whose task is cancelled leaves the queue.
final class KeyedFIFOLock<Key: Hashable & Sendable>: Sendable {
    /// A position in the queue of a key. Its owner must either wait for the lock or abandon it.
    struct Ticket: Sendable {
        let key: Key
        fileprivate let number: Int
    }

    private struct Waiter {
        let number: Int
        /// Nil until the owner of the ticket waits.
        var continuation: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        /// The waiters behind the holder of each locked key.
        var queues: [Key: [Waiter]] = [:]
        /// Tickets that hold their lock and whose owners have not returned from waiting yet.
        var granted: Set<Int> = []
        var lastNumber = 0
    }

    private let state = Mutex(State())
    /// The maximum number of waiters per key.
    let queueLimit: Int

    init(queueLimit: Int) {
        self.queueLimit = queueLimit
    }

    /// Waits for the lock of `key`, which the caller must release with ``unlock(_:)``.
    ///
    /// - Throws: `full` when the queue is full, `CancellationError` when the task is cancelled while it waits.
    func lock(_ key: Key, orElse full: any Error) async throws {
        guard let ticket = reserve(key) else { throw full }
        try await lock(ticket)
    }

    /// Takes the last position in the queue of `key` without waiting; nil when the queue is full.
    func reserve(_ key: Key) -> Ticket? {
        state.withLock { state in
            state.lastNumber += 1
            let ticket = Ticket(key: key, number: state.lastNumber)
            guard let queue = state.queues[key] else {
                state.queues[key] = []
                state.granted.insert(ticket.number)
                return ticket
            }
            guard queue.count < queueLimit else { return nil }
            state.queues[key, default: []].append(Waiter(number: ticket.number))
            return ticket
        }
    }

    /// Waits until the ticket holds the lock, which the caller must release with ``unlock(_:)``.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first; the ticket is then abandoned.
    func lock(_ ticket: Ticket) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isReady = state.withLock { state in
                    if Task.isCancelled || state.granted.contains(ticket.number) { return true }
                    guard let index = state.queues[ticket.key]?.firstIndex(where: { $0.number == ticket.number }) else {
                        return true
                    }
                    state.queues[ticket.key]?[index].continuation = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            abandon(ticket)
        }
        let isHeld = state.withLock { $0.granted.remove(ticket.number) != nil }
        guard isHeld else {
            abandon(ticket)
            throw CancellationError()
        }
    }

    /// Leaves the queue, or releases the lock if the ticket already holds it.
    func abandon(_ ticket: Ticket) {
        let (waiter, wasHeld) = state.withLock { state -> (Waiter?, Bool) in
            if state.granted.remove(ticket.number) != nil { return (nil, true) }
            guard let index = state.queues[ticket.key]?.firstIndex(where: { $0.number == ticket.number }) else {
                return (nil, false)
            }
            return (state.queues[ticket.key]?.remove(at: index), false)
        }
        if wasHeld { unlock(ticket.key) }
        waiter?.continuation?.resume(throwing: CancellationError())
    }

    /// Passes the lock to the first waiter.
    func unlock(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard var queue = state.queues[key], !queue.isEmpty else {
                state.queues[key] = nil
                return nil
            }
            let first = queue.removeFirst()
            state.queues[key] = queue
            state.granted.insert(first.number)
            return first
        }
        next?.continuation?.resume()
    }
}
