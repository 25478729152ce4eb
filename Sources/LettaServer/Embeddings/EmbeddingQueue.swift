import EventStreams
import LettaAPI
import Logging
import Storage
import Synchronization

/// Makes the vectors of passages in the background, one batch after the other.
///
/// What waits is in table `passage_vector`, so a restart loses nothing. A model that fails is tried again later, with longer
/// and longer pauses, and holds up no other; meanwhile its passages are found by their words.
final class EmbeddingQueue: TaskOwner, Sendable {
    private struct State {
        /// Nil when nothing waits.
        var working: Task<Void, Never>?
        var sleeping: Task<Void, Never>?
        var isWoken = false
        var isClosing = false
    }

    private static let longestPause = Duration.seconds(600)
    /// After a failure of the database.
    private static let pause = Duration.seconds(5)

    private let core: Core
    private let writer: EmbeddingWriter
    private let embeddings: EmbeddingService
    private let state = Mutex(State())

    init(core: Core, embeddings: EmbeddingService) {
        self.core = core
        self.embeddings = embeddings
        writer = EmbeddingWriter(core: core)
    }

    /// Embeds what waits, also what an earlier server left.
    func wake() {
        guard core.leads else { return }
        state.withLock { state in
            guard !state.isClosing else { return }
            state.isWoken = true
            state.sleeping?.cancel()
            if state.working == nil { state.working = Task { [self] in await work() } }
        }
    }

    /// Stops embedding. The next start of the server goes on.
    func close() async {
        let task = state.withLock { state in
            state.isClosing = true
            state.sleeping?.cancel()
            return state.working
        }
        task?.cancel()
        await task?.value
    }

    private func work() async {
        while !Task.isCancelled {
            state.withLock { $0.isWoken = false }
            do {
                let now = core.now()
                if let next = try await core.storage.read({ db in try VectorStore.nextWaiting(at: now, db) }) {
                    try await embed(next)
                } else if let due = try await core.storage.read({ db in try VectorStore.nextDue(after: now, db) }) {
                    await sleep(for: .microseconds(max(due.microseconds - now.microseconds, 1_000)))
                } else if isDone() {
                    return
                }
            } catch {
                if Task.isCancelled { return }
                core.logger.error("Passages are embedded later", metadata: ["error": "\(error)"])
                await sleep(for: Self.pause)
            }
        }
    }

    private func isDone() -> Bool {
        state.withLock { state in
            guard !state.isWoken else { return false }
            state.working = nil
            return true
        }
    }

    /// Sleeps until the time is over or somebody wakes the queue.
    private func sleep(for duration: Duration) async {
        let clock = core.clock
        let sleep = state.withLock { state -> Task<Void, Never>? in
            guard !state.isWoken, !state.isClosing else { return nil }
            // A sleep fails only when it is cancelled, which ends it as it should.
            let sleep = Task<Void, Never> { _ = try? await clock.sleep(for: min(duration, Self.longestPause)) }
            state.sleeping = sleep
            return sleep
        }
        await sleep?.value
        state.withLock { $0.sleeping = nil }
    }

    private func embed(_ batch: WaitingPassages) async throws {
        let config = try batch.set.embeddingConfig.content()
        let embedded: [EmbeddedText]
        do {
            embedded = try await embeddings.embed(batch.passages.map(\.text), by: config, as: batch.scope)
        } catch {
            try Task.checkCancellation()
            let count = batch.set.failures + 1
            core.logger.warning(
                "An embedding model fails: its passages are found by their words until it answers",
                metadata: [
                    "model": "\(EmbeddingService.name(of: config))", "failures": "\(count)", "error": "\(error)",
                ])
            return try await writer.note("\(error)", count: count, of: batch.set, as: batch.scope)
        }
        try await writer.store(embedded, of: batch)
    }
}
