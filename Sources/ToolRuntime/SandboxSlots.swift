import Synchronization

/// On whose behalf a tool runs: shares of the sandboxes are counted for each.
package struct SandboxOwner: Sendable, Hashable {
    package var organization: String
    /// The agent, or the user of a tool that runs without one.
    package var agent: String

    package init(organization: String, agent: String) {
        self.organization = organization
        self.agent = agent
    }
}

/// Limits the number of concurrent sandboxes and shares them out; the others wait in FIFO order.
///
/// Each may take gigabytes, and a few already keep a machine busy. An agent gets another slot only while more are free than
/// it has, so that its tools, however long they sleep, leave slots for other agents. An organization gets another slot only
/// while more are free than half of what it has, and the last slot is for one that has none.
final class SandboxSlots: Sendable {
    private struct Waiter {
        let number: Int
        let owner: SandboxOwner
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var lastNumber = 0
        private var ofAgents: [SandboxOwner: Int] = [:]
        private var ofOrganizations: [String: Int] = [:]

        init(free: Int) {
            self.free = free
        }

        func admits(_ owner: SandboxOwner) -> Bool {
            guard free > 0 else { return false }
            let held = ofOrganizations[owner.organization] ?? 0
            // With a single slot there is nothing to share.
            return ofOrganizations.isEmpty || free > max(held.signum(), held / 2, ofAgents[owner] ?? 0)
        }

        mutating func take(_ owner: SandboxOwner) {
            free -= 1
            ofAgents[owner, default: 0] += 1
            ofOrganizations[owner.organization, default: 0] += 1
        }

        mutating func giveBack(_ owner: SandboxOwner) {
            free += 1
            ofAgents[owner] = ofAgents[owner].flatMap { $0 > 1 ? $0 - 1 : nil }
            ofOrganizations[owner.organization] = ofOrganizations[owner.organization].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    func use<Result: Sendable>(for owner: SandboxOwner, _ body: () async throws -> Result) async throws -> Result {
        try await enter(owner)
        defer { leave(owner) }
        return try await body()
    }

    private func enter(_ owner: SandboxOwner) async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Swift.Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    // Whoever waits was not admitted, and what admits this one is not what they wait for.
                    if state.admits(owner) {
                        state.take(owner)
                        return .success(())
                    }
                    state.waiters.append(Waiter(number: number, owner: owner, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Passes slots to the first waiters that may have one.
    private func leave(_ owner: SandboxOwner) {
        let admitted = state.withLock { state in
            state.giveBack(owner)
            var admitted: [Waiter] = []
            while let index = state.waiters.firstIndex(where: { state.admits($0.owner) }) {
                let waiter = state.waiters.remove(at: index)
                state.take(waiter.owner)
                admitted.append(waiter)
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume() }
    }
}
