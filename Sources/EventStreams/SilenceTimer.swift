import Synchronization

/// An idle timer: calls back when nothing has happened for a given time.
///
/// `touch` restarts the time. One sleeping task serves any number of touches, so a stream pays for one task and not for
/// one per event. After it has fired it is idle until the next touch. The task ends with the object. Short streams
/// share timers through ``SilenceTimers``.
package final class SilenceTimer: TaskOwner {
    private struct State {
        /// When to fire; nil before the first touch and while paused.
        var deadline: Duration?
        /// When the task wakes up to check the deadline; nil while there is no task.
        var wakesAt: Duration?
        var task: Task<Void, Never>?
        var onSilence: (@Sendable () -> Void)?
    }

    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// - Parameter onSilence: must not block. It may be called just after a touch that came too late.
    package convenience init(clock: some Clock<Duration>, onSilence: @escaping @Sendable () -> Void) {
        self.init(clock: clock)
        reset(onSilence)
    }

    fileprivate init(clock: some Clock<Duration>) {
        elapsed = stopwatch(clock)
        sleep = { try await clock.sleep(for: $0) }
        state = Mutex(State())
    }

    deinit {
        state.withLock { $0.task }?.cancel()
    }

    /// Restarts the timer: it fires after `limit` unless it is touched or paused before.
    package func touch(_ limit: Duration) {
        let now = elapsed()
        let (mustWatch, old) = state.withLock { state -> (Bool, Task<Void, Never>?) in
            let deadline = now + limit
            state.deadline = deadline
            if let wakesAt = state.wakesAt, wakesAt <= deadline { return (false, nil) }
            state.wakesAt = deadline
            defer { state.task = nil }
            return (true, state.task)
        }
        guard mustWatch else { return }
        old?.cancel()
        let task = watch()
        state.withLock { $0.task = task }
    }

    /// Stops the timer until the next touch. The task sleeps on, so that pausing and touching cost nothing.
    package func pause() {
        state.withLock { $0.deadline = nil }
    }

    /// Stops the timer and replaces what it calls.
    fileprivate func reset(_ onSilence: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.onSilence = onSilence
            state.deadline = nil
        }
    }

    private func watch() -> Task<Void, Never> {
        // Runs here until it first sleeps, which spares the streams a thread switch. Detached because it may outlive the
        // request that started it.
        Task.immediateDetached { [weak self, sleep] in
            while let rest = self?.check() {
                do { try await sleep(rest) } catch { return }
            }
        }
    }

    /// Fires if the deadline has passed. This is what the task does when it wakes up.
    ///
    /// - Returns: how long to sleep until the next check; nil when there is nothing to wait for.
    package func check() -> Duration? {
        let now = elapsed()
        let (rest, onSilence) = state.withLock { state -> (Duration?, (@Sendable () -> Void)?) in
            if let deadline = state.deadline, deadline > now {
                state.wakesAt = deadline
                return (deadline - now, nil)
            }
            state.task = nil
            state.wakesAt = nil
            return (nil, state.deadline == nil ? nil : state.onSilence)
        }
        onSilence?()
        return rest
    }
}

/// A pool of idle timers for streams that are shorter than their idle time.
///
/// The task of a recycled timer sleeps on and serves the next stream, which is cheaper than a task for each stream.
package final class SilenceTimers: Sendable {
    private static let capacity = 64

    private let clock: any Clock<Duration>
    private let free = Mutex<[SilenceTimer]>([])

    package init(clock: any Clock<Duration>) {
        self.clock = clock
    }

    /// A timer for the caller's exclusive use until it is recycled.
    package func timer(onSilence: @escaping @Sendable () -> Void) -> SilenceTimer {
        let timer = free.withLock { $0.popLast() } ?? SilenceTimer(clock: clock)
        timer.reset(onSilence)
        return timer
    }

    package func recycle(_ timer: SilenceTimer) {
        timer.reset(nil)
        free.withLock { free in
            if free.count < Self.capacity { free.append(timer) }
        }
    }
}
