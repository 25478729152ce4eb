import Synchronization

/// The numbered events of one run: appended once, read by any number of readers, each at its own speed from its
/// own place.
///
/// A slow reader slows only itself; a reader that leaves changes nothing.
final class RunLog<Event: Sendable>: Sendable {
    private struct Waiter {
        let number: Int
        /// Nil for one that can't be interrupted.
        let reader: Int?
        /// Whether it is woken by the end alone.
        let waitsForEnd: Bool
        /// Told whether it was interrupted.
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var events: [Event] = []
        var isFinished = false
        var waiters: [Waiter] = []
        /// The readers that were interrupted while they did not wait.
        var interrupted: Set<Int> = []
        private var lastNumber = 0

        mutating func newNumber() -> Int {
            lastNumber += 1
            return lastNumber
        }

        mutating func takeWaiter(_ isWanted: (Waiter) -> Bool) -> Waiter? {
            waiters.firstIndex(where: isWanted).map { waiters.remove(at: $0) }
        }
    }

    private let state = Mutex(State())

    func append(_ event: Event) {
        wake { $0.events.append(event) }
    }

    /// Says that nothing follows.
    func finish() {
        wake { $0.isFinished = true }
    }

    /// Whether nothing follows.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// What ``events(after:)`` would give without waiting; nil where it would wait.
    func eventsNow(after count: Int) -> [Event]? {
        state.withLock { state in
            if state.events.count > count { return Array(state.events[count...]) }
            return state.isFinished ? [] : nil
        }
    }

    /// The events behind the first `count` ones, waiting for one when there is none yet; empty at the end of the
    /// run and when the reader's task is cancelled.
    func events(after count: Int) async -> [Event] {
        await events(after: count, unlessInterrupted: nil) ?? []
    }

    /// All events, when the run has ended; those so far when the reader's task is cancelled.
    func whole() async -> [Event] {
        await wait(reader: nil, waitsForEnd: true) { $0.isFinished }
        return state.withLock { $0.events }
    }

    /// A name for a reader that wants to be interrupted.
    func newReader() -> Int {
        state.withLock { $0.newNumber() }
    }

    /// Ends the waiting of a reader, or its next one.
    func interrupt(_ reader: Int) {
        let waiter = state.withLock { state in
            let waiter = state.takeWaiter { $0.reader == reader }
            if waiter == nil { state.interrupted.insert(reader) }
            return waiter
        }
        waiter?.continuation.resume(returning: true)
    }

    /// Takes back an interruption that met no waiting.
    func forgetInterruption(of reader: Int) {
        _ = state.withLock { $0.interrupted.remove(reader) }
    }

    /// Like ``events(after:)``, but nil when ``interrupt(_:)`` came first.
    func events(after count: Int, unlessInterrupted reader: Int?) async -> [Event]? {
        while !Task.isCancelled {
            if let ready = eventsNow(after: count) { return ready }
            let isInterrupted = await wait(reader: reader, waitsForEnd: false) { state in
                state.events.count > count || state.isFinished
            }
            if isInterrupted { return nil }
        }
        return []
    }

    /// Waits for the next change, if it is not there yet.
    ///
    /// - Returns: whether the waiting was interrupted.
    @discardableResult
    private func wait(reader: Int?, waitsForEnd: Bool, unless isThere: (State) -> Bool) async -> Bool {
        let number = state.withLock { $0.newNumber() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isInterrupted = state.withLock { state -> Bool? in
                    if isThere(state) || Task.isCancelled { return false }
                    if let reader, state.interrupted.remove(reader) != nil { return true }
                    state.waiters.append(
                        Waiter(number: number, reader: reader, waitsForEnd: waitsForEnd, continuation: continuation))
                    return nil
                }
                if let isInterrupted { continuation.resume(returning: isInterrupted) }
            }
        } onCancel: {
            let waiter = state.withLock { state in state.takeWaiter { $0.number == number } }
            waiter?.continuation.resume(returning: false)
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            let isFinished = state.isFinished
            let waiters = state.waiters.filter { isFinished || !$0.waitsForEnd }
            state.waiters.removeAll { isFinished || !$0.waitsForEnd }
            return waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: false) }
    }
}
