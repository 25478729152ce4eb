import Synchronization

/// Calls out when nothing has happened in a stream for a while: one timer for the whole stream, however many pieces
/// flow in it.
///
/// The time counts from the last ``touch()``. Having called out it rests until it is touched again; it ends with the
/// object.
package final class SilenceTimer: Sendable {
    private struct State {
        var lastTouch = Duration.zero
        var task: Task<Void, Never>?
    }

    private let limit: Duration
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let onSilence: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameter onSilence: must be quick; it may come a moment after a touch that was too late.
    package init(after limit: Duration, clock: some Clock<Duration>, onSilence: @escaping @Sendable () -> Void) {
        let start = clock.now
        self.limit = limit
        self.onSilence = onSilence
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        state = Mutex(State())
    }

    deinit {
        state.withLock { $0.task }?.cancel()
    }

    /// Says that something happened, and starts the timer where it rests.
    package func touch() {
        let now = elapsed()
        state.withLock { state in
            state.lastTouch = now
            if state.task == nil { state.task = watch() }
        }
    }

    private func watch() -> Task<Void, Never> {
        Task { [weak self, sleep] in
            while let rest = self?.rest() {
                do { try await sleep(rest) } catch { return }
            }
        }
    }

    /// How long to sleep until it may have been silent for long enough; nil, and calls out, when it has been.
    private func rest() -> Duration? {
        let now = elapsed()
        let (rest, isOver) = state.withLock { state -> (Duration?, Bool) in
            let rest = state.lastTouch + limit - now
            guard rest <= .zero else { return (rest, false) }
            state.task = nil
            return (nil, true)
        }
        if isOver { onSilence() }
        return rest
    }
}
