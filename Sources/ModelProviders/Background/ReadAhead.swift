import EventStreams
import Synchronization

/// Hands what one task reads to whoever iterates, a few elements ahead.
///
/// The task is its own, so that a wait in it can be given up without ending the iterating task, and what has arrived
/// together is read without a change of tasks. It begins with the first call of ``next()``, and is cancelled with the
/// task that waits there or when this object goes.
final class ReadAhead<Element: Sendable, Failure: Error>: Sendable {
    typealias Reading = @Sendable (Source) async throws(Failure) -> Void

    private let source: Source
    private let reading: Reading

    /// - Parameters:
    ///   - limit: how many elements may be ready before the reading waits.
    ///   - clock: measures the waits of the reading, see ``Source/within(_:_:)``.
    init(limit: Int, clock: any Clock<Duration>, reading: @escaping Reading) {
        source = Source(limit: limit, clock: clock)
        self.reading = reading
    }

    deinit {
        source.cancel()
    }

    /// The next element; nil when the reading has ended.
    func next() async throws(Failure) -> Element? {
        source.begin(reading)
        return try await withTaskCancellationHandler {
            await source.take()
        } onCancel: {
            source.cancel()
        }.get()
    }
}

extension ReadAhead {
    /// The end that the reading task holds.
    final class Source: Sendable {
        private struct State {
            var ready: [Element] = []
            var end: Result<Element?, Failure>?
            var hasBegun = false
            var task: Task<Void, Never>?
            var timer: SilenceTimer?
            var isCancelled = false
            /// Whether the reading waits for something that may take too long.
            var isTimed = false
            var isTooLate = false
            var taker: CheckedContinuation<Void, Never>?
            var giver: CheckedContinuation<Void, Never>?
        }

        private let limit: Int
        private let clock: any Clock<Duration>
        private let state = Mutex(State())

        fileprivate init(limit: Int, clock: any Clock<Duration>) {
            self.limit = limit
            self.clock = clock
        }

        // MARK: The reading task

        /// Hands over an element, and waits where enough of them are ready. Does not wait once it is cancelled.
        func put(_ element: Element) async {
            let (taker, isFull) = state.withLock { state in
                state.ready.append(element)
                defer { state.taker = nil }
                return (state.taker, state.ready.count >= limit)
            }
            taker?.resume()
            guard isFull else { return }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    let mustWait = state.ready.count >= limit && !state.isCancelled
                    if mustWait { state.giver = continuation }
                    return mustWait
                }
                if !mustWait { continuation.resume() }
            }
        }

        /// Gives one wait of the reading a limited time.
        ///
        /// - Throws: `DeadlineExceeded` when it was given up, which cancels the whole reading; `wait` has to obey that.
        func within<Value>(_ limit: Duration, _ wait: () async throws -> Value) async throws -> Value {
            state.withLock { $0.isTimed = true }
            timer.touch(limit)
            defer { state.withLock { $0.isTimed = false } }
            do {
                return try await wait()
            } catch {
                throw state.withLock(\.isTooLate) ? DeadlineExceeded() : error
            }
        }

        private var timer: SilenceTimer {
            if let timer = state.withLock(\.timer) { return timer }
            let timer = SilenceTimer(clock: clock) { [weak self] in self?.giveUp() }
            state.withLock { $0.timer = timer }
            return timer
        }

        private func giveUp() {
            let mustEnd = state.withLock { state in
                if state.isTimed { state.isTooLate = true }
                return state.isTimed
            }
            if mustEnd { cancel() }
        }

        // MARK: The iterating task

        fileprivate func begin(_ reading: @escaping Reading) {
            let isFirst = state.withLock { state in
                defer { state.hasBegun = true }
                return !state.hasBegun
            }
            guard isFirst else { return }
            // Until its first wait it runs here.
            let task = Task.immediate {
                do throws(Failure) {
                    try await reading(self)
                    end(.success(nil))
                } catch {
                    end(.failure(error))
                }
            }
            let isCancelled = state.withLock { state in
                state.task = task
                return state.isCancelled
            }
            if isCancelled { task.cancel() }
        }

        private func end(_ result: Result<Element?, Failure>) {
            let taker = state.withLock { state in
                state.end = result
                state.timer = nil
                defer { state.taker = nil }
                return state.taker
            }
            taker?.resume()
        }

        fileprivate func take() async -> Result<Element?, Failure> {
            while true {
                let (taken, giver) = state.withLock { state in
                    guard !state.ready.isEmpty else { return (state.end, nil as CheckedContinuation<Void, Never>?) }
                    defer { state.giver = nil }
                    return (.success(state.ready.removeFirst()), state.giver)
                }
                giver?.resume()
                if let taken { return taken }
                await withCheckedContinuation { continuation in
                    let mustWait = state.withLock { state in
                        let mustWait = state.ready.isEmpty && state.end == nil
                        if mustWait { state.taker = continuation }
                        return mustWait
                    }
                    if !mustWait { continuation.resume() }
                }
            }
        }

        fileprivate func cancel() {
            let (task, giver) = state.withLock { state in
                state.isCancelled = true
                defer { state.giver = nil }
                return (state.task, state.giver)
            }
            task?.cancel()
            giver?.resume()
        }
    }
}
