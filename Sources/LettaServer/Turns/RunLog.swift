import Synchronization

/// The numbered events of one run: appended once, read by any number of readers, each at its own speed from its
/// own place.
///
/// A slow reader slows only itself; a reader that leaves changes nothing.
final class RunLog<Event: Sendable>: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var events: [Event] = []
        var isFinished = false
        var waiters: [Waiter] = []
        var nextNumber = 0
    }

    private let state = Mutex(State())

    func append(_ event: Event) {
        wake { $0.events.append(event) }
    }

    /// Says that nothing follows.
    func finish() {
        wake { $0.isFinished = true }
    }

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
        while !Task.isCancelled {
            let (ready, number) = state.withLock { state -> ([Event]?, Int) in
                state.nextNumber += 1
                if state.events.count > count { return (Array(state.events[count...]), 0) }
                return (state.isFinished ? [] : nil, state.nextNumber)
            }
            if let ready { return ready }
            await wait(after: count, number: number)
        }
        return []
    }

    private func wait(after count: Int, number: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.events.count > count || state.isFinished || Task.isCancelled { return true }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume()
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
    }
}
