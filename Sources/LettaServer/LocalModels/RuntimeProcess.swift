import Glibc
import Synchronization

/// A `llama-server` that was started: it comes up, answers for a while, ends.
final class RuntimeProcess: TaskOwner, Sendable {
    /// That it ended, why, and when on the clock given at its start.
    struct Ending: Sendable {
        var reason: String
        var time: Duration
    }

    let launch: RuntimeLaunch
    private let elapsed: @Sendable () -> Duration
    private let settled = Latch()
    private let gone = Latch()
    private let ended = Mutex<Ending?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    private init(_ launch: RuntimeLaunch, elapsed: @escaping @Sendable () -> Duration) {
        self.launch = launch
        self.elapsed = elapsed
    }

    /// Starts it. It goes on when the caller is cancelled, because others wait for it too, and ends with `stop()`.
    static func start(_ launch: RuntimeLaunch, elapsed: @escaping @Sendable () -> Duration) -> RuntimeProcess {
        let process = RuntimeProcess(launch, elapsed: elapsed)
        process.task.withLock { $0 = Task { await process.run() } }
        return process
    }

    /// Nil while it comes up or answers.
    var ending: Ending? { ended.withLock { $0 } }

    /// Returns when it answers or has ended, whichever comes first.
    ///
    /// - Throws: `CancellationError`.
    func waitUntilSettled() async throws {
        try await settled.wait()
    }

    /// Returns when it has ended, or after a while in which it has not.
    ///
    /// A caller learns of its death a moment before we do, by its connection.
    func waitUntilGone(atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [gone] in try? await gone.wait() }
            group.addTask { try? await ContinuousClock().sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ends it and returns when it is gone.
    func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func run() async {
        let reason = await superviseUntilItsEnd()
        unlink(launch.socket)
        ended.withLock { $0 = Ending(reason: reason, time: elapsed()) }
        settled.open()
        gone.open()
    }

    private func superviseUntilItsEnd() async -> String {
        do {
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { [launch] in try await launch.run() }
                group.addTask { [launch, settled] in
                    try await launch.waitUntilReady()
                    settled.open()
                    return nil
                }
                defer { group.cancelAll() }
                while let result = try await group.next() {
                    if let result { return result }
                }
                return "it ended"
            }
        } catch is RuntimeLaunch.StartTooSlow {
            return "it was not ready after \(RuntimeLaunch.startLimit)"
        } catch {
            return "\(error)"
        }
    }
}
