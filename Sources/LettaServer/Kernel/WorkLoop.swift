import EventStreams
import LettaAPI
import Logging
import Synchronization

/// Does work that waits in the database, in the background: when it is woken, and when something falls due.
///
/// One step runs at a time. A step reads what is to be done from the database, so that the first one after a start finds
/// what an earlier server left.
final class WorkLoop: TaskOwner, Sendable {
    /// What a step found.
    enum Finding {
        /// There may be more to do at once.
        case more
        /// There is more to do, which failed just now.
        case refused
        /// Nothing is to be done before this time, if any, or the next ``wake()``.
        case nothing(until: Timestamp?)
    }

    /// May leave tasks in the group, which ``close()`` cancels and awaits.
    typealias Step = @Sendable (inout DiscardingTaskGroup) async throws -> Finding

    /// The time until a failed step is tried again.
    static let pause = Duration.seconds(1)
    /// The longest sleep: the system's time may be set meanwhile.
    static let longestRest = Duration.seconds(60)

    private struct State {
        var working: Task<Void, Never>?
        var isClosing = false
    }

    private let core: Core
    private let failureNotice: Logger.Message
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameter failureNotice: what the log says when a step throws.
    init(core: Core, failureNotice: Logger.Message) {
        self.core = core
        self.failureNotice = failureNotice
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Does what waits, and what comes.
    func start(_ step: @escaping Step) {
        state.withLock { state in
            guard !state.isClosing, state.working == nil else { return }
            // A request that starts this is no part of what follows.
            state.working = Task { [self] in
                await TraceContext.$current.withValue(nil) {
                    await withDiscardingTaskGroup { group in await work(step, in: &group) }
                }
            }
        }
        wake()
    }

    /// Says that there is something to do. A step that is running is followed by another.
    func wake() {
        // The work of one server among those that share a database.
        if core.leads { signal.yield() }
    }

    /// Begins no step from now on, and cancels the running one.
    func stop() {
        state.withLock { state in
            state.isClosing = true
            state.working?.cancel()
        }
        signal.finish()
    }

    /// Stops, and waits until nothing runs any more. The next start of the server goes on.
    func close() async {
        stop()
        await state.withLock { $0.working }?.value
    }

    private func work(_ step: Step, in group: inout DiscardingTaskGroup) async {
        var alarm: Task<Void, any Error>?
        for await _ in signals {
            alarm?.cancel()
            alarm = await rest(afterAll: step, in: &group).map(self.alarm)
        }
        alarm?.cancel()
    }

    /// Takes steps until nothing is to be done.
    ///
    /// - Returns: how long nothing will be; nil without an end.
    private func rest(afterAll step: Step, in group: inout DiscardingTaskGroup) async -> Duration? {
        while !Task.isCancelled {
            do {
                switch try await step(&group) {
                case .more: continue
                case .refused: return Self.pause
                case .nothing(let time):
                    guard let time else { return nil }
                    let rest = Duration.microseconds(max(0, time.microseconds - core.now().microseconds))
                    return min(rest, Self.longestRest)
                }
            } catch {
                if Task.isCancelled { return nil }
                core.logger.error(failureNotice, metadata: ["error": "\(error)"])
                return Self.pause
            }
        }
        return nil
    }

    private func alarm(after time: Duration) -> Task<Void, any Error> {
        Task { [clock = core.clock, signal] in
            try await clock.sleep(for: time)
            signal.yield()
        }
    }
}
