import EventStreams
import Synchronization

/// Limits the number of stdio servers that run at once; the others wait in the order in which they came.
package final class StdioSlots: Sendable {
    private struct State {
        var free: Int
        var waiting: [Latch] = []
    }

    private let state: Mutex<State>

    package init(_ count: Int = 16) {
        state = Mutex(State(free: count))
    }

    /// - Throws: `DeadlineExceeded` when none becomes free in time, `CancellationError`.
    func take(within patience: Duration) async throws {
        let turn = state.withLock { state -> Latch? in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            let turn = Latch()
            state.waiting.append(turn)
            return turn
        }
        guard let turn else { return }
        do {
            try await withDeadline(patience) { try await turn.wait() }
        } catch {
            let wasPassed = state.withLock { state in
                guard let index = state.waiting.firstIndex(where: { $0 === turn }) else { return true }
                state.waiting.remove(at: index)
                return false
            }
            if wasPassed { giveBack() }
            throw error
        }
    }

    func giveBack() {
        let next = state.withLock { state -> Latch? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.open()
    }
}
