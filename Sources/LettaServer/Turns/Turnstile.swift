import Synchronization

/// Lets one holder a key in at a time, in the order of their coming; the line is bounded.
///
/// A waiter whose task is cancelled leaves the line.
final class Turnstile<Key: Hashable & Sendable>: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Those who wait behind the holder of a key; a key without a holder has no entry.
        var lines: [Key: [Waiter]] = [:]
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
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    guard !Task.isCancelled else { return .failure(CancellationError()) }
                    guard let line = state.lines[key] else {
                        state.lines[key] = []
                        return .success(())
                    }
                    guard line.count < longestLine else { return .failure(full) }
                    state.lines[key, default: []].append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let place = state.lines[key]?.firstIndex(where: { $0.number == number }) else { return nil }
                return state.lines[key]?.remove(at: place)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
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
            return first
        }
        next?.continuation.resume()
    }
}
