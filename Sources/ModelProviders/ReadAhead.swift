import EventStreams
import Synchronization

/// A bounded buffer between one task that reads and one task that iterates.
///
/// The reading has a task of its own, so that one of its waits can be abandoned without cancelling the iterating task,
/// and elements that arrive together are handed over without a task switch each. The task starts with the first
/// ``next()``. It is cancelled when the task that waits in `next()` is, and when this object is deinitialized.
final class ReadAhead<Element: Sendable, Failure: Error>: Sendable {
    typealias Reading = @Sendable (isolated Source) async throws(Failure) -> Void

    private let source: Source
    private let reading: Reading

    /// - Parameters:
    ///   - limit: the capacity of the buffer.
    ///   - timers: measure the deadlines of the reading, see ``Source/within(_:_:)``.
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
    /// The writing end of the buffer.
    ///
    /// The reading runs on this actor, so that the iterating task resumes when the reading suspends, mostly on the same
    /// thread, and not once for each element.
    actor Source: TaskOwner {
        /// Cancellation comes from any thread, and so does the timer.
        private struct Cancellation {
            var isCancelled = false
            var isTooLate = false
            var task: Task<Void, Never>?
            /// The reading while it waits for the buffer to drain.
            var writer: CheckedContinuation<Void, Never>?
        }

        private let limit: Int
        private let timers: SilenceTimers
        private var buffer: [Element] = []
        private var end: Result<Element?, Failure>?
        private var reader: CheckedContinuation<Void, Never>?
        private let cancellation = Mutex(Cancellation())
        private(set) var timer: SilenceTimer?

        fileprivate init(limit: Int, timers: SilenceTimers) {
            self.limit = limit
            self.timers = timers
        }

        // MARK: The reading task

        /// Appends an element, and waits while the buffer is full. Does not wait once it is cancelled.
        func put(_ element: Element) async {
            buffer.append(element)
            resumeReader()
            guard buffer.count >= limit else { return }
            await withCheckedContinuation { continuation in
                let isCancelled = cancellation.withLock { cancellation in
                    if !cancellation.isCancelled { cancellation.writer = continuation }
                    return cancellation.isCancelled
                }
                if isCancelled { continuation.resume() }
            }
        }

        /// Runs one operation of the reading with a deadline.
        ///
        /// - Throws: `DeadlineExceeded` when the deadline passed. That cancels the whole reading, and `operation` has to
        ///   obey cancellation.
        func within<Value>(_ limit: Duration, _ operation: () async throws -> Value) async throws -> Value {
            let timer = timer ?? timers.timer { [weak self] in self?.cancel(isTooLate: true) }
            self.timer = timer
            timer.touch(limit)
            defer { timer.pause() }
            do {
                return try await operation()
            } catch {
                throw cancellation.withLock(\.isTooLate) ? DeadlineExceeded() : error
            }
        }

        private func run(_ reading: Reading) async {
            do throws(Failure) {
                try await reading(self)
                end = .success(nil)
            } catch {
                end = .failure(error)
            }
            if let timer { timers.recycle(timer) }
            timer = nil
            resumeReader()
        }

        private func resumeReader() {
            reader?.resume()
            reader = nil
        }

        // MARK: The iterating task

        fileprivate func take(_ reading: @escaping Reading) async -> Result<Element?, Failure> {
            start(reading)
            while buffer.isEmpty {
                if let end { return end }
                await withCheckedContinuation { reader = $0 }
            }
            resumeWriter()
            return .success(buffer.removeFirst())
        }

        private func start(_ reading: @escaping Reading) {
            cancellation.withLock { cancellation in
                guard cancellation.task == nil else { return }
                let task = Task { await run(reading) }
                if cancellation.isCancelled { task.cancel() }
                cancellation.task = task
            }
        }

        fileprivate nonisolated func cancel(isTooLate: Bool = false) {
            let task = cancellation.withLock { cancellation in
                cancellation.isCancelled = true
                if isTooLate { cancellation.isTooLate = true }
                return cancellation.task
            }
            task?.cancel()
            resumeWriter()
        }

        private nonisolated func resumeWriter() {
            let writer = cancellation.withLock { cancellation in
                defer { cancellation.writer = nil }
                return cancellation.writer
            }
            writer?.resume()
        }
    }
}
