import LettaAPI
import Synchronization

/// Wakes the readers of runs that other servers have.
final class RunNews: Sendable {
    private struct State {
        var readers: [ID<Run>: [Int: AsyncStream<Void>.Continuation]] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    /// Yields when the run may have new events, or when `ring` is called. Ends its part here with the stream.
    func reader(of run: ID<Run>) -> (news: AsyncStream<Void>, ring: @Sendable () -> Void) {
        let (news, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastNumber += 1
            state.readers[run, default: [:]][state.lastNumber] = continuation
            return state.lastNumber
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number, of: run) }
        return (news, { continuation.yield() })
    }

    /// Says that the run has new events.
    func arrived(of run: ID<Run>) {
        let readers = state.withLock { state in state.readers[run].map { Array($0.values) } ?? [] }
        for reader in readers { reader.yield() }
    }

    private func remove(_ number: Int, of run: ID<Run>) {
        state.withLock { state in
            state.readers[run]?[number] = nil
            if state.readers[run]?.isEmpty == true { state.readers[run] = nil }
        }
    }
}
