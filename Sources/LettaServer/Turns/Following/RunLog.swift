import Synchronization

/// The live tail of one run's events: appended by the turn, read by any number of readers, each at its own speed from its
/// own place.
///
/// The tail is bounded. A reader that falls behind it is told so; the turn and the other readers notice nothing.
final class RunLog: Sendable {
    /// How much of a run is held in memory.
    struct Limits: Sendable {
        var events = 4_096
        /// Of the events' JSON. The newest events stay whatever they take: a reader that keeps up gets them.
        var bytes = 8 * 1_024 * 1_024

        var newest: Int { max(1, min(16, events / 4)) }
    }

    enum Reading: Sendable {
        case events([RunEvent])
        /// The next events are in memory no more.
        case behind
        /// The run is over and all its events are read, or the reader's task is cancelled.
        case end
        /// ``interrupt(_:)`` came first.
        case interrupted
    }

    private struct Waiter {
        let number: Int
        /// Nil for one that can't be interrupted.
        let reader: Int?
        /// Whether only the end of the run wakes it.
        let waitsForEnd: Bool
        /// Gets whether it was interrupted.
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var tail: [RunEvent] = []
        var bytes = 0
        /// How many events came before the tail.
        var dropped = 0
        /// How many events are in the table of events; nil for a run whose events nobody stores.
        var stored: Int?
        var isFinished = false
        var waiters: [Waiter] = []
        /// The readers that were interrupted while they did not wait.
        var interrupted: Set<Int> = []
        private var lastNumber = 0

        var count: Int { dropped + tail.count }

        mutating func newNumber() -> Int {
            lastNumber += 1
            return lastNumber
        }

        mutating func takeWaiter(_ isWanted: (Waiter) -> Bool) -> Waiter? {
            waiters.firstIndex(where: isWanted).map { waiters.remove(at: $0) }
        }

        /// Drops the oldest events once the tail is too long, a quarter of it at a time. Events that are still to be stored
        /// stay although the database refuses them, up to four times the limit; then their writer falls behind too.
        mutating func trim(to limits: Limits) {
            guard tail.count > limits.events || bytes > limits.bytes else { return }
            let stored = bytes > 4 * limits.bytes ? nil : stored
            let most = stored.map { max(0, $0 - dropped) } ?? max(0, tail.count - limits.newest)
            var (drop, rest) = (0, bytes)
            while drop < most, tail.count - drop > limits.events / 4 * 3 || rest > limits.bytes / 4 * 3 {
                rest -= tail[drop].json.utf8.count
                drop += 1
            }
            tail.removeFirst(drop)
            (dropped, bytes) = (dropped + drop, rest)
        }
    }

    let limits: Limits
    private let state: Mutex<State>

    /// - Parameter isStored: whether a ``RunEventWriter`` stores the events.
    init(isStored: Bool, limits: Limits = Limits()) {
        self.limits = limits
        var state = State()
        state.stored = isStored ? 0 : nil
        self.state = Mutex(state)
    }

    /// Appends the event that `make` returns for its sequence number.
    func append(_ make: (_ sequence: Int) -> RunEvent) {
        wake { state in
            let event = make(state.count + 1)
            state.tail.append(event)
            state.bytes += event.json.utf8.count
            state.trim(to: limits)
        }
    }

    /// Says that no event follows.
    func finish() {
        wake { $0.isFinished = true }
    }

    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Says that the first `count` events are in the table.
    func setStored(_ count: Int) {
        state.withLock { state in
            state.stored = count
            state.trim(to: limits)
        }
    }

    /// Says that no more events get into the table.
    func stopStoring() {
        state.withLock { state in
            state.stored = nil
            state.trim(to: limits)
        }
    }

    // MARK: Reading

    /// The events behind the first `count` ones, waiting for one when there is none yet.
    ///
    /// - Parameter reader: a name from ``newReader()`` for a reader that wants to be interrupted.
    func read(after count: Int, by reader: Int? = nil) async -> Reading {
        while !Task.isCancelled {
            if let ready = readNow(after: count) { return ready }
            let isInterrupted = await wait(reader: reader, waitsForEnd: false) { state in
                state.count > count || state.isFinished
            }
            if isInterrupted { return .interrupted }
        }
        return .end
    }

    /// What ``read(after:by:)`` returns without waiting; nil where it would wait.
    func readNow(after count: Int) -> Reading? {
        state.withLock { state in
            if count < state.dropped { return .behind }
            if state.count > count { return .events(Array(state.tail[(count - state.dropped)...])) }
            return state.isFinished ? .end : nil
        }
    }

    /// Returns when the run is over or the task is cancelled.
    func finished() async {
        await wait(reader: nil, waitsForEnd: true) { $0.isFinished }
    }

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
