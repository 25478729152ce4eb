import Synchronization

/// Calls out when nothing has happened in a stream for a while: one timer for the whole stream, however many pieces
/// flow in it.
///
/// The time counts from the last touch. Having called out it rests until it is touched again; it ends with the object.
package final class SilenceTimer: Sendable {
    private struct State {
        var silentAt = Duration.zero
        /// When the task wakes up to look; nil while the timer rests.
        var wakesAt: Duration?
        var task: Task<Void, Never>?
    }

    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let onSilence: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameter onSilence: must be quick; it may come a moment after a touch that was too late.
    package init(clock: some Clock<Duration>, onSilence: @escaping @Sendable () -> Void) {
        let start = clock.now
        self.onSilence = onSilence
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
            state.silentAt = now + limit
            if let wakesAt = state.wakesAt, wakesAt <= state.silentAt { return (false, nil) }
            state.wakesAt = state.silentAt
            defer { state.task = nil }
            return (true, state.task)
        }
        guard mustWatch else { return }
        old?.cancel()
        let task = watch()
        state.withLock { $0.task = task }
    }

    private func watch() -> Task<Void, Never> {
        // Until it sleeps it runs here, which spares the streams a change of threads.
        Task.immediate { [weak self, sleep] in
            while let rest = self?.rest() {
                do { try await sleep(rest) } catch { return }
            }
        }
    }

    /// How long to sleep until it may have been silent for long enough; nil, and calls out, when it has been.
    private func rest() -> Duration? {
        let now = elapsed()
        let (rest, isOver) = state.withLock { state -> (Duration?, Bool) in
            let rest = state.silentAt - now
            guard rest <= .zero else {
                state.wakesAt = state.silentAt
                return (rest, false)
            }
            state.task = nil
            state.wakesAt = nil
            return (nil, true)
        }
        if isOver { onSilence() }
        return rest
    }
}
