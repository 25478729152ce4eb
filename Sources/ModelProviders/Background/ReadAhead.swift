import EventStreams
import Synchronization

/// Hands what one task reads to whoever iterates, a few elements ahead.
///
/// The task is its own, so that a wait in it can be given up without ending the iterating task, and what has arrived
/// together is read without a change of tasks. It begins with the first call of ``next()``, and is cancelled with the
/// task that waits there or when this object goes.
final class ReadAhead<Element: Sendable, Failure: Error>: Sendable {
    typealias Reading = @Sendable (isolated Source) async throws(Failure) -> Void

    private let source: Source
    private let reading: Reading

    /// - Parameters:
    ///   - limit: how many elements may be ready before the reading waits.
    ///   - timers: measure the waits of the reading, see ``Source/within(_:_:)``.
    init(limit: Int, timers: SilenceTimers, reading: @escaping Reading) {
        source = Source(limit: limit, timers: timers)
        self.reading = reading
    }

    deinit {
        source.cancel()
    }

    /// The next element; nil when the reading has ended.
    func next() async throws(Failure) -> Element? {
        try await withTaskCancellationHandler {
            await source.take(reading)
        } onCancel: {
            source.cancel()
        }.get()
    }
}

extension ReadAhead {
    /// The end that the reading task holds.
    ///
    /// The reading runs on this actor, and so the iterating task goes on when the reading has to wait: not for each
    /// element, and mostly on the same thread.
    actor Source {
        /// What a cancellation touches, which comes from anywhere.
        private struct Cancellation {
            var isCancelled = false
            var task: Task<Void, Never>?
            /// The reading, where it waits for a place.
            var giver: CheckedContinuation<Void, Never>?
        }

        private let limit: Int
        private let timers: SilenceTimers
        private var ready: [Element] = []
        private var end: Result<Element?, Failure>?
        private var taker: CheckedContinuation<Void, Never>?
        private let cancellation = Mutex(Cancellation())
        private var timer: SilenceTimer?
        /// Whether the reading waits for something that may take too long, and whether it did.
        private let wait = Mutex((isTimed: false, isTooLate: false))

        fileprivate init(limit: Int, timers: SilenceTimers) {
            self.limit = limit
            self.timers = timers
        }

        // MARK: The reading task

        /// Hands over an element, and waits where enough of them are ready. Does not wait once it is cancelled.
        func put(_ element: Element) async {
            ready.append(element)
            taker?.resume()
            taker = nil
            guard ready.count >= limit else { return }
            await withCheckedContinuation { continuation in
                let isCancelled = cancellation.withLock { cancellation in
                    if !cancellation.isCancelled { cancellation.giver = continuation }
                    return cancellation.isCancelled
                }
                if isCancelled { continuation.resume() }
            }
        }

        /// Gives one wait of the reading a limited time.
        ///
        /// - Throws: `DeadlineExceeded` when it was given up, which cancels the whole reading; `operation` has to obey
        ///   that.
        func within<Value>(_ limit: Duration, _ operation: () async throws -> Value) async throws -> Value {
            let timer = timer ?? timers.timer { [weak self] in self?.giveUp() }
            self.timer = timer
            wait.withLock { $0.isTimed = true }
            timer.touch(limit)
            defer { wait.withLock { $0.isTimed = false } }
            do {
                return try await operation()
            } catch {
                throw wait.withLock(\.isTooLate) ? DeadlineExceeded() : error
            }
        }

        private nonisolated func giveUp() {
            let mustEnd = wait.withLock { wait in
                if wait.isTimed { wait.isTooLate = true }
                return wait.isTimed
            }
            if mustEnd { cancel() }
        }

        private func run(_ reading: Reading) async {
            do throws(Failure) {
                try await reading(self)
                end = .success(nil)
            } catch {
                end = .failure(error)
            }
            if let timer { timers.giveBack(timer) }
            timer = nil
            taker?.resume()
            taker = nil
        }

        // MARK: The iterating task

        fileprivate func take(_ reading: @escaping Reading) async -> Result<Element?, Failure> {
            begin(reading)
            while ready.isEmpty {
                if let end { return end }
                await withCheckedContinuation { taker = $0 }
            }
            letGo()
            return .success(ready.removeFirst())
        }

        private func begin(_ reading: @escaping Reading) {
            cancellation.withLock { cancellation in
                guard cancellation.task == nil else { return }
                let task = Task { await run(reading) }
                if cancellation.isCancelled { task.cancel() }
                cancellation.task = task
            }
        }

        fileprivate nonisolated func cancel() {
            let task = cancellation.withLock { cancellation in
                cancellation.isCancelled = true
                return cancellation.task
            }
            task?.cancel()
            letGo()
        }

        private nonisolated func letGo() {
            let giver = cancellation.withLock { cancellation in
                defer { cancellation.giver = nil }
                return cancellation.giver
            }
            giver?.resume()
        }
    }
}
