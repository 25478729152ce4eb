import EventStreams
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import Synchronization

/// Makes the vectors of messages in the background: of new ones at once, of old ones while no turn runs, the newest first.
///
/// How far each agent's messages are is in table `message_vector_set`, so a restart loses nothing and a turn writes nothing
/// for it. What has no vector yet is found by its words.
final class MessageEmbedder: TaskOwner, Sendable {
    private struct State {
        /// Agents that may have something to embed, in the order in which they are looked at.
        var waiting: [MessageOwner] = []
        /// When all agents are looked through for messages that nobody told of.
        var scanAt = Timestamp(microseconds: 0)
        /// Models that failed.
        var failures: [Model: Failure] = [:]
        /// The batches in sequence that gave way to turns.
        var delays = 0
    }

    private struct Model: Hashable {
        let organization: String
        let config: RawJSON
    }

    private struct Failure {
        var count: Int
        var until: Timestamp
    }

    /// Whoever stores messages says so; this finds what other servers and imports stored.
    private static let scanInterval = 60 * 1_000_000 as Int64
    private static let longestRest = 600 * 1_000_000 as Int64
    /// While turns run, old messages wait for this time, but not forever.
    private static let delay = 1_000_000 as Int64
    private static let mostDelays = 5

    private let core: Core
    private let embeddings: EmbeddingService
    private let loop: WorkLoop
    private let state = Mutex(State())

    init(core: Core, embeddings: EmbeddingService) {
        self.core = core
        self.embeddings = embeddings
        loop = WorkLoop(core: core, failureNotice: "Messages are embedded later")
    }

    /// - Parameter isBusy: whether turns run, to which old messages give way.
    func start(isBusy: @escaping @Sendable () -> Bool) {
        loop.start { [self] _ in try await step(isBusy) }
    }

    /// Says that this server has become the one that does the work.
    func wake() {
        state.withLock { $0.scanAt = Timestamp(microseconds: 0) }
        loop.wake()
    }

    /// Says that messages were stored.
    func areStored(by agent: ID<AgentState>, as scope: Scope) {
        let owner = MessageOwner(organization: scope.organization, agent: agent)
        state.withLock { state in
            if !state.waiting.prefix(64).contains(owner) { state.waiting.insert(owner, at: 0) }
        }
        loop.wake()
    }

    func close() async { await loop.close() }

    private func step(_ isBusy: () -> Bool) async throws -> WorkLoop.Finding {
        let now = core.now()
        if state.withLock({ $0.scanAt }) <= now {
            let found = try await core.storage.read { db in try MessageVectorStore.waiting(db) }
            state.withLock { state in
                state.waiting = (state.waiting + found).withoutDuplicates
                state.scanAt = Timestamp(microseconds: now.microseconds + Self.scanInterval)
            }
        }
        guard let owner = state.withLock({ $0.waiting.first }) else {
            return .nothing(until: state.withLock { $0.scanAt })
        }
        guard let batch = try await next(of: owner), !isResting(model(of: batch), at: now) else {
            drop(owner)
            return .more
        }
        if batch.isBacklog, isBusy(), delays(by: 1) <= Self.mostDelays {
            return .nothing(until: Timestamp(microseconds: now.microseconds + Self.delay))
        }
        state.withLock { $0.delays = 0 }
        try await embed(batch)
        return .more
    }

    private func delays(by count: Int) -> Int {
        state.withLock { state in
            state.delays += count
            return state.delays
        }
    }

    private func drop(_ owner: MessageOwner) {
        state.withLock { state in state.waiting.removeAll { $0 == owner } }
    }

    /// What the agent's model is to embed next; nil when nothing waits.
    private func next(of owner: MessageOwner) async throws -> WaitingMessages? {
        let found = try await core.storage.read(as: owner.scope) { db in
            try MessageVectorStore.set(of: owner.agent, db).map { found in
                (found, try MessageVectorStore.next(of: owner, in: found.set, end: found.end, db))
            }
        }
        guard let (found, batch) = found else { return nil }
        if !found.isStored {
            try await core.storage.write(as: owner.scope) { db in try MessageVectorStore.begin(found.set, db) }
        }
        return batch
    }

    // MARK: Models that fail

    private func model(of batch: WaitingMessages) -> Model {
        Model(organization: batch.owner.organization, config: batch.set.embeddingConfig.json)
    }

    private func isResting(_ model: Model, at time: Timestamp) -> Bool {
        state.withLock { ($0.failures[model]?.until ?? time) > time }
    }

    /// The model is not called for some time, and other agents' messages are not held up by it.
    private func note(_ failure: any Error, of batch: WaitingMessages) throws {
        let (model, now) = (model(of: batch), core.now())
        let count = state.withLock { state in
            let count = (state.failures[model]?.count ?? 0) + 1
            let rest = min(Int64(1) << min(count, 20) * 1_000_000, Self.longestRest)
            let until = Timestamp(microseconds: now.microseconds + rest)
            state.failures[model] = Failure(count: count, until: until)
            state.scanAt = min(state.scanAt, until)
            return count
        }
        let name = (try? batch.set.embeddingConfig.content()).map(EmbeddingService.name) ?? "unreadable"
        core.logger.warning(
            "An embedding model fails: messages are found by their words until it answers",
            metadata: ["model": "\(name)", "failures": "\(count)", "error": "\(failure)"])
    }

    private func embed(_ batch: WaitingMessages) async throws {
        do {
            let config = try batch.set.embeddingConfig.content()
            let embedded =
                batch.texts.isEmpty
                ? [] : try await embeddings.embed(batch.texts.map(\.text), by: config, as: batch.owner.scope)
            let vectors = zip(batch.texts, embedded).compactMap { text, embedded in
                if case .vector(let vector) = embedded {
                    (position: text.position, vector: QuantizedVector(vector))
                } else {
                    nil
                }
            }
            try await store(vectors, of: batch)
            state.withLock { $0.failures[model(of: batch)] = nil }
        } catch {
            try Task.checkCancellation()
            // A failure of the database is the loop's.
            if error is SQLFailure { throw error }
            try note(error, of: batch)
        }
    }

    private func store(
        _ vectors: [(position: Int, vector: QuantizedVector)], of batch: WaitingMessages
    ) async throws {
        let lengths = Set(vectors.map(\.vector.codes.count))
        guard lengths.count <= 1 else {
            throw ProviderFailure(.badRequest, message: "The model gave vectors of different lengths.")
        }
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: batch.owner.scope) { db in
                if let known = batch.set.dimensions, let length = lengths.first, known != length {
                    // The model is another one under the same name: its vectors can't be compared with the old ones.
                    var set = batch.set
                    set.generation += 1
                    set.dimensions = nil
                    (set.firstPosition, set.nextPosition) = (set.nextPosition, set.nextPosition)
                    return try MessageVectorStore.begin(set, db)
                }
                try MessageVectorStore.store(vectors, of: batch, db)
            }
        }
    }
}
