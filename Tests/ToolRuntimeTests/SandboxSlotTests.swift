import Synchronization
import Testing

@testable import ToolRuntime

/// Counts who is in.
private final class Inside: Sendable {
    private let state = Mutex((now: 0, most: 0, done: 0))

    var most: Int { state.withLock { $0.most } }
    var done: Int { state.withLock { $0.done } }

    func enter() {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }

    func leave() {
        state.withLock {
            $0.now -= 1
            $0.done += 1
        }
    }
}

/// So many at once and no more.
@Suite(.timeLimit(.minutes(2))) struct SandboxSlotTests {
    @Test func `never more than there are slots, and all come to their turn`() async throws {
        let slots = SandboxSlots(3)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await slots.use {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.most <= 3)
        #expect(inside.done == 100)
    }

    @Test func `who is cancelled while waiting leaves the line`() async throws {
        let slots = SandboxSlots(1)
        try await slots.use {
            let waiting = Task { try await slots.use {} }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        try await slots.use {}
    }
}
