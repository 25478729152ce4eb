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
        /// Agents that said something, and then those that may have old messages, in the order in which they are looked at.
        var talking: [MessageOwner] = []
        var waiting: [MessageOwner] = []
        /// When all agents are looked through for messages that nobody told of.
        var scanAt: Timestamp? = Timestamp(microseconds: 0)
        /// Models that failed.
        var failures: [Model: Failure] = [:]
        /// Since when old messages have given way to turns.
        var delayedSince: Timestamp?
    }

    private struct Model: Hashable {
        let organization: String
        let config: RawJSON
    }

    private struct Failure {
        var count: Int
        var until: Timestamp
    }

    /// Whoever stores messages says so; this finds what other servers of the database stored.
    private static let scanInterval = 60 * 1_000_000 as Int64
    private static let longestRest = 600 * 1_000_000 as Int64
    /// While turns run, a batch of old messages waits, looks again after this time, and does not wait forever.
    private static let delay = 500_000 as Int64
    private static let longestDelay = 5_000_000 as Int64
    /// The agents that one transaction lists.
    private static let page = 500

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
        // The leader finds it when it looks through all agents.
        guard core.leads else { return }
        let owner = MessageOwner(organization: scope.organization, agent: agent)
        state.withLock { state in
            if !state.talking.contains(owner) { state.talking.append(owner) }
        }
        loop.wake()
    }

    func close() async { await loop.close() }

    private func step(_ isBusy: () -> Bool) async throws -> WorkLoop.Finding {
        let now = core.now()
        try await lookForMessages(at: now)
        // Taken before its messages are read, so that what is said meanwhile is told of again.
        let next = state.withLock { $0.talking.isEmpty ? $0.waiting.first : $0.talking.removeFirst() }
        guard let owner = next else { return .nothing(until: state.withLock { $0.scanAt }) }
        let found = try await nextBatch(of: owner)
        guard let batch = found, !isResting(model(of: batch), at: now) else {
            state.withLock { state in state.waiting.removeAll { $0 == owner } }
            return .more
        }
        state.withLock { state in
            guard state.waiting.first != owner else { return }
            state.waiting.removeAll { $0 == owner }
            state.waiting.insert(owner, at: 0)
        }
        if batch.isBacklog, givesWay(isBusy: isBusy(), at: now) {
            return .nothing(until: Timestamp(microseconds: now.microseconds + Self.delay))
        }
        try await embed(batch)
        return .more
    }

    /// Lists the agents with messages that nobody told of, those first that were used last.
    private func lookForMessages(at now: Timestamp) async throws {
        guard let scanAt = state.withLock({ $0.scanAt }), scanAt <= now else { return }
        var found: [(owner: MessageOwner, lastUse: Timestamp)] = []
        while true {
            let page = try await core.storage.read { [last = found.last?.owner] db in
                try MessageVectorStore.waiting(after: last, limit: Self.page, db)
            }
            found += page
            if page.count < Self.page { break }
        }
        let owners = found.sorted { $0.lastUse > $1.lastUse }.map(\.owner)
        state.withLock { state in
            state.waiting = owners
            state.scanAt = core.servers.map { _ in Timestamp(microseconds: now.microseconds + Self.scanInterval) }
        }
    }

    /// Whether old messages wait for turns to end.
    private func givesWay(isBusy: Bool, at now: Timestamp) -> Bool {
        state.withLock { state in
            let since = state.delayedSince ?? now
            let waits = isBusy && now.microseconds - since.microseconds < Self.longestDelay
            state.delayedSince = waits ? since : nil
            return waits
        }
    }

    /// What the agent's model is to embed next; nil when nothing waits.
    private func nextBatch(of owner: MessageOwner) async throws -> WaitingMessages? {
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
            state.scanAt = min(state.scanAt ?? until, until)
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
        if let known = batch.set.dimensions, let length = lengths.first, known != length {
            // The model is another one under the same name: its vectors can't be compared with the old ones.
            var set = batch.set
            set.generation += 1
            set.dimensions = nil
            (set.firstPosition, set.nextPosition) = (set.nextPosition, set.nextPosition)
            try await core.storage.write(as: batch.owner.scope) { [set] db in try MessageVectorStore.begin(set, db) }
            throw ProviderFailure(
                .badRequest, message: "The model gave vectors of \(length) numbers instead of \(known).")
        }
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: batch.owner.scope) { db in
                try MessageVectorStore.store(vectors, of: batch, db)
            }
        }
    }
}
