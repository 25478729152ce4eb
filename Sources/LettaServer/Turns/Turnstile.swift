import Synchronization

/// Lets one holder a key in at a time, in the order of their coming; the line is bounded.
///
/// A waiter whose task is cancelled leaves the line.
final class Turnstile<Key: Hashable & Sendable>: Sendable {
    /// A place in a line: at its head is who has the turn. It has to be waited for or given up.
    struct Place: Sendable {
        let key: Key
        fileprivate let number: Int
    }

    private struct Waiter {
        let number: Int
        /// Nil until the place is waited for.
        var continuation: CheckedContinuation<Void, any Error>?
    }

    private struct State {
        /// Those who stand behind the holder of a key; a key without a holder has no entry.
        var lines: [Key: [Waiter]] = [:]
        /// The places that have the turn and don't know it yet.
        var granted: Set<Int> = []
        var nextNumber = 0
    }

    private let state = Mutex(State())
    private let longestLine: Int

    init(longestLine: Int) {
        self.longestLine = longestLine
    }

    /// Waits for the turn of `key`. Whoever gets it has to give it back with ``leave(_:)``.
    ///
    /// - Throws: `full` when the line is, or `CancellationError` when the task is cancelled while waiting.
    func enter(_ key: Key, orElse full: any Error) async throws {
        guard let place = takePlace(in: key) else { throw full }
        try await enter(place)
    }

    /// Takes the last place in the line of `key` without waiting; nil when the line is full.
    func takePlace(in key: Key) -> Place? {
        state.withLock { state in
            state.nextNumber += 1
            let place = Place(key: key, number: state.nextNumber)
            guard let line = state.lines[key] else {
                state.lines[key] = []
                state.granted.insert(place.number)
                return place
            }
            guard line.count < longestLine else { return nil }
            state.lines[key, default: []].append(Waiter(number: place.number))
            return place
        }
    }

    /// Waits until the place has the turn, which has to be given back with ``leave(_:)``.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before; the place is given up then.
    func enter(_ place: Place) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isReady = state.withLock { state in
                    if Task.isCancelled || state.granted.contains(place.number) { return true }
                    guard let index = state.lines[place.key]?.firstIndex(where: { $0.number == place.number }) else {
                        return true
                    }
                    state.lines[place.key]?[index].continuation = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            giveUp(place)
        }
        let hasTurn = state.withLock { $0.granted.remove(place.number) != nil }
        guard hasTurn else {
            giveUp(place)
            throw CancellationError()
        }
    }

    /// Leaves the line, or gives the turn on where the place has it already.
    func giveUp(_ place: Place) {
        let (waiter, hadTurn) = state.withLock { state -> (Waiter?, Bool) in
            if state.granted.remove(place.number) != nil { return (nil, true) }
            guard let index = state.lines[place.key]?.firstIndex(where: { $0.number == place.number }) else {
                return (nil, false)
            }
            return (state.lines[place.key]?.remove(at: index), false)
        }
        if hadTurn { leave(place.key) }
        waiter?.continuation?.resume(throwing: CancellationError())
    }

    /// Gives the turn to the next in line.
    func leave(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard var line = state.lines[key], !line.isEmpty else {
                state.lines[key] = nil
                return nil
            }
            let first = line.removeFirst()
            state.lines[key] = line
            state.granted.insert(first.number)
            return first
        }
        next?.continuation?.resume()
    }
}
