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
    private static func owner(_ agent: String, in organization: String = "one") -> SandboxOwner {
        SandboxOwner(organization: organization, agent: agent)
    }

    /// Holds a slot until the test ends it; nil when the owner has to wait.
    private func slot(_ slots: SandboxSlots, _ owner: SandboxOwner) async -> Task<Void, any Error>? {
        let (entered, enter) = AsyncStream<Bool>.makeStream()
        let task = Task.immediate {
            try await slots.use(for: owner) {
                enter.yield(true)
                try await Task.sleep(for: .seconds(1_000))
            }
        }
        // An immediate task has entered by now, or it waits.
        enter.yield(false)
        for await isIn in entered {
            if isIn { return task }
            task.cancel()
            return nil
        }
        return nil
    }

    @Test func `sleeping tools of one agent leave slots for others, and those of an organization for two more`() async {
        let slots = SandboxSlots(8)
        var sleeping: [Task<Void, any Error>] = []
        func fill(_ owner: SandboxOwner) async -> Int {
            var count = 0
            while let task = await slot(slots, owner) {
                sleeping.append(task)
                count += 1
            }
            return count
        }
        #expect(await fill(Self.owner("a")) == 4)
        #expect(await fill(Self.owner("b")) == 2)
        #expect(await fill(Self.owner("c")) == 0)
        #expect(await fill(Self.owner("d", in: "two")) == 1)
        #expect(await fill(Self.owner("e", in: "two")) == 0)
        #expect(await fill(Self.owner("f", in: "three")) == 1)
        for task in sleeping { task.cancel() }
        for task in sleeping { _ = await task.result }
        #expect(await fill(Self.owner("d")) == 4, "all slots are free again")
        for task in sleeping { task.cancel() }
    }

    @Test func `never more than there are slots, and all come to their turn`() async throws {
        let slots = SandboxSlots(3)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try await slots.use(for: Self.owner("a\(number)")) {
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
        try await slots.use(for: Self.owner("a")) {
            let waiting = Task { try await slots.use(for: Self.owner("b")) {} }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        try await slots.use(for: Self.owner("a")) {}
    }
}
