import Synchronization

/// Calls out when nothing has happened in a stream for a while: one timer for the whole stream, however many pieces
/// flow in it.
///
/// The time counts from the last touch. Having called out it rests until it is touched again; it ends with the object.
/// Many short streams share their timers by way of ``SilenceTimers``.
package final class SilenceTimer: Sendable {
    private struct State {
        /// When it will have been silent for too long; nil before the first touch.
        var silentAt: Duration?
        /// When the task wakes up to look; nil while the timer rests.
        var wakesAt: Duration?
        var task: Task<Void, Never>?
        var onSilence: (@Sendable () -> Void)?
    }

    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// - Parameter onSilence: must be quick; it may come a moment after a touch that was too late.
    package convenience init(clock: some Clock<Duration>, onSilence: @escaping @Sendable () -> Void) {
        self.init(clock: clock)
        call(onSilence)
    }

    fileprivate init(clock: some Clock<Duration>) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        state = Mutex(State())
    }

    deinit {
        state.withLock { $0.task }?.cancel()
    }

    /// Says that something happened, and starts the timer where it rests.
    ///
    /// - Parameter limit: how long it may be silent from now on.
    package func touch(_ limit: Duration) {
        let now = elapsed()
        let (mustWatch, old) = state.withLock { state -> (Bool, Task<Void, Never>?) in
            let silentAt = now + limit
            state.silentAt = silentAt
            if let wakesAt = state.wakesAt, wakesAt <= silentAt { return (false, nil) }
            state.wakesAt = silentAt
            defer { state.task = nil }
            return (true, state.task)
        }
        guard mustWatch else { return }
        old?.cancel()
        let task = watch()
        state.withLock { $0.task = task }
    }

    /// Says what to call once it has been touched again; nil for nothing.
    fileprivate func call(_ onSilence: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.onSilence = onSilence
            state.silentAt = nil
        }
    }

    private func watch() -> Task<Void, Never> {
        // Until it sleeps it runs here, which spares the streams a change of threads. Detached, because it may outlast
        // the request that began it.
        Task.immediateDetached { [weak self, sleep] in
            while let rest = self?.rest() {
                do { try await sleep(rest) } catch { return }
            }
        }
    }

    /// How long to sleep until it may have been silent for long enough; nil, and calls out, when it has been.
    private func rest() -> Duration? {
        let now = elapsed()
        let (rest, onSilence) = state.withLock { state -> (Duration?, (@Sendable () -> Void)?) in
            if let silentAt = state.silentAt, silentAt > now {
                state.wakesAt = silentAt
                return (silentAt - now, nil)
            }
            state.task = nil
            state.wakesAt = nil
            return (nil, state.silentAt == nil ? nil : state.onSilence)
        }
        onSilence?()
        return rest
    }
}

/// The timers of streams that are short against their silence.
///
/// A timer that was given back sleeps on and is used again, which costs a stream far less than one of its own.
package final class SilenceTimers: Sendable {
    private static let mostResting = 64

    private let clock: any Clock<Duration>
    private let resting = Mutex<[SilenceTimer]>([])

    package init(clock: any Clock<Duration>) {
        self.clock = clock
    }

    /// A timer for the caller alone until it is given back.
    package func timer(onSilence: @escaping @Sendable () -> Void) -> SilenceTimer {
        let timer = resting.withLock { $0.popLast() } ?? SilenceTimer(clock: clock)
        timer.call(onSilence)
        return timer
    }

    package func giveBack(_ timer: SilenceTimer) {
        timer.call(nil)
        resting.withLock { resting in
            if resting.count < Self.mostResting { resting.append(timer) }
        }
    }
}
