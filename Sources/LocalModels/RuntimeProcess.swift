import EventStreams
import Glibc
import Synchronization

/// A `llama-server` child process, from its start to its end.
final class RuntimeProcess: TaskOwner {
    /// Why and when the process ended, on the stopwatch given at its start.
    struct Ending: Sendable {
        var reason: String
        var time: Duration
    }

    let launch: RuntimeLaunch
    private let elapsed: @Sendable () -> Duration
    private let readyOrEnded = Latch()
    private let ended = Latch()
    /// Opened when the socket is found to be gone: nobody can call the process any more.
    private let unreachable = Latch()
    private let endingState = Mutex<Ending?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    private init(_ launch: RuntimeLaunch, elapsed: @escaping @Sendable () -> Duration) {
        self.launch = launch
        self.elapsed = elapsed
    }

    /// Starts the process. It runs until `stop()`, whether or not the caller is cancelled: others wait for it too.
    static func start(_ launch: RuntimeLaunch, elapsed: @escaping @Sendable () -> Duration) -> RuntimeProcess {
        let process = RuntimeProcess(launch, elapsed: elapsed)
        process.task.withLock { $0 = Task { await process.run() } }
        return process
    }

    /// Nil while the process starts or serves.
    var ending: Ending? { endingState.withLock { $0 } }

    /// Returns when the model is ready to serve or the process has ended, whichever comes first.
    ///
    /// - Throws: `CancellationError`.
    func waitUntilReadyOrEnded() async throws {
        try await readyOrEnded.wait()
    }

    /// Returns when a process that a call failed to reach has ended. One that has lost its socket is ended; another one is
    /// only waited for, at most until `limit`: a caller's connection breaks shortly before the process is reaped.
    func waitUntilEnded(atMost limit: Duration) async {
        guard access(launch.socket, F_OK) == 0 else {
            unreachable.open()
            try? await ended.wait()
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [ended] in try? await ended.wait() }
            group.addTask { try? await ContinuousClock().sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Terminates the process and waits for its end.
    func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func run() async {
        let reason = await supervise()
        unlink(launch.socket)
        endingState.withLock { $0 = Ending(reason: reason, time: elapsed()) }
        readyOrEnded.open()
        ended.open()
    }

    /// - Returns: why the process ended.
    private func supervise() async -> String {
        do {
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { [launch] in try await launch.run() }
                group.addTask { [launch, readyOrEnded] in
                    try await launch.waitUntilReady()
                    readyOrEnded.open()
                    return nil
                }
                group.addTask { [unreachable] in
                    try await unreachable.wait()
                    return "its socket was removed"
                }
                defer { group.cancelAll() }
                while let result = try await group.next() {
                    if let result { return result }
                }
                return "it ended"
            }
        } catch is RuntimeLaunch.StartTimedOut {
            return "it was not ready after \(RuntimeLaunch.startTimeout)"
        } catch {
            return "\(error)"
        }
    }
}
