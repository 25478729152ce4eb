import EventStreams
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// Gathers the requests of items into batches of their providers, submits them, and stores the answers.
///
/// A batch is stored before it is submitted. After a kill between the two the provider is asked for it first, so that
/// nothing is submitted twice where that can be told. What a provider does not answer, its item asks by itself.
final class ModelBatchQueue: Sendable {
    /// How many requests a batch has at most, and how many bytes: providers take more, but all of it is in memory once.
    static let largestCount = 500
    static let largestSize = 16 << 20
    /// How long requests wait for others.
    static let patience = Duration.seconds(30)
    /// How long a batch is tried to be submitted.
    static let submissionTime = Duration.seconds(3_600)
    /// How long its answers are waited for: longer than the day that providers promise.
    static let answerTime = Duration.seconds(25 * 3_600)
    /// How long what has ended is remembered.
    static let memory = Duration.seconds(30 * 24 * 3_600)
    /// How many batches are looked after at once.
    private static let concurrency = 4

    private let core: Core
    private let loop: WorkLoop

    init(core: Core) {
        self.core = core
        loop = WorkLoop(core: core, failureNotice: "Batches of providers go on later")
    }

    /// - Parameter ready: is told when items can go on.
    func start(with models: ModelService, ready: @escaping @Sendable () -> Void) {
        loop.start { [self] _ in
            let time = try await gather()
            let now = core.now()
            let due = try await core.storage.read { db in
                try ModelBatchStore.due(at: now, limit: Self.concurrency, db)
            }
            try await withThrowingDiscardingTaskGroup { group in
                for batch in due {
                    group.addTask { [self] in
                        try await Keeping(batch, core: core, ready: ready).work(with: models)
                    }
                }
            }
            if !due.isEmpty { return .more }
            let next = try await core.storage.read { db in try ModelBatchStore.nextTime(db) }
            return .nothing(until: [time, next].compactMap(\.self).min())
        }
    }

    /// Says that a request waits, or that a batch is to be looked after.
    func wake() { loop.wake() }

    /// Calls no provider any more. The next start of the server goes on.
    func stop() { loop.stop() }

    func close() async { await loop.close() }

    /// Makes batches of the requests that wait.
    ///
    /// - Returns: when those that wait for others are sent without them.
    private func gather() async throws -> Timestamp? {
        let now = core.now()
        var next: Timestamp?
        for group in try await core.storage.read({ db in try DeferredRequestStore.waiting(db) }) {
            let latest = group.oldest.advanced(by: Self.patience)
            guard !group.grows || group.count >= Self.largestCount || group.size >= Self.largestSize || latest <= now
            else {
                next = min(next ?? latest, latest)
                continue
            }
            // Nobody acts here.
            try await core.storage.write(as: Scope(organization: group.organization, user: "")) { [core] db in
                guard let job = try db.fetch(JobStore.table, group.batch) else { return }
                let id: ID<ModelBatch> = core.ids.next()
                guard
                    let assigned = try DeferredRequestStore.assign(
                        group, to: id, count: Self.largestCount, size: Self.largestSize, db)
                else { return }
                try db.insert(
                    ModelBatchRow(
                        id: id, batchID: group.batch, userID: job.job.userID ?? "",
                        config: Document(stored: assigned.config.text), state: .sending,
                        requestCount: assigned.count, isCertain: true, attempts: 0, dueAt: now, createdAt: now),
                    into: ModelBatchStore.table)
                try ModelBatchStore.deleteEnded(before: now.advanced(by: .zero - Self.memory), db)
            }
        }
        return next
    }
}

/// Looks after one batch of a provider once.
private struct Keeping: Sendable {
    /// How many answers are stored in one transaction.
    private static let answersAtOnce = 50

    let core: Core
    let batch: ModelBatchRow
    let scope: Scope
    let ready: @Sendable () -> Void

    init(_ due: ModelBatchStore.Due, core: Core, ready: @escaping @Sendable () -> Void) {
        self.core = core
        self.ready = ready
        batch = due.row
        scope = Scope(organization: due.organization, user: due.row.userID)
    }

    func work(with models: ModelService) async throws {
        let config = try batch.config.content()
        guard let service = try await models.provider(for: config, as: scope).batches(of: config.model) else {
            return try await end(because: "The model's service has no batches any more.")
        }
        do {
            let isWanted = try await core.storage.read(as: scope) { db in
                try DeferredRequestStore.hasOpen(of: batch.id, db)
            }
            if !isWanted {
                try await withdraw(from: service)
            } else if let id = batch.externalID {
                try await collect(id, from: service)
            } else {
                try await submit(to: service)
            }
        } catch let failure as ProviderFailure {
            try await meet(failure, of: service)
        }
    }

    private func submit(to service: any ModelBatches) async throws {
        if batch.attempts > 0, let found = try await found(in: service) { return try await note(found) }
        let requests = try await core.storage.write(as: scope) { [batch] db -> [BatchedRequest] in
            let requests = try DeferredRequestStore.requests(of: batch.id, db)
            var next = batch
            next.attempts += 1
            // Items may have been cancelled.
            next.requestCount = requests.count
            return try ModelBatchStore.update(next, from: batch, db) ? requests : []
        }
        guard !requests.isEmpty else { return try await end(because: "Nothing is left of it.") }
        let id = try await service.submit(requests, as: batch.id.rawValue)
        try await note(FoundBatch(id: id, isCertain: true))
        core.logger.info(
            "A batch was submitted to a provider",
            metadata: ["batch.id": "\(batch.batchID)", "requests": "\(requests.count)", "provider.batch": "\(id)"])
    }

    private func found(in service: any ModelBatches) async throws -> FoundBatch? {
        // Longer ago than any other that may be meant.
        let oldest = batch.createdAt.advanced(by: .zero - ModelBatchQueue.memory)
        let known = try await core.storage.read(as: scope) { db in
            try ModelBatchStore.externalIDs(since: oldest, db)
        }
        return try await service.find(
            batch.id.rawValue, of: batch.requestCount, since: batch.createdAt.microseconds / 1_000_000, besides: known)
    }

    /// Stores what the provider calls the batch, also when the server is stopping.
    ///
    /// - Parameter reason: why the provider refused it before, and may again; nil for the first time.
    private func note(_ found: FoundBatch, waiting reason: String? = nil) async throws {
        let attempts = reason == nil ? 1 : batch.attempts + 1
        let due = core.now().advanced(by: Self.pause(after: attempts))
        try await shieldedFromCancellation { [core, batch, scope] in
            try await core.storage.write(as: scope) { db in
                try Self.lock(batch, db)
                var next = batch
                next.state = .sent
                next.externalID = found.id
                next.isCertain = found.isCertain
                next.attempts = attempts
                next.dueAt = due
                next.error = reason
                try ModelBatchStore.update(next, from: batch, db)
                try DeferredRequestStore.dropBodies(of: batch.id, db)
            }
        }
    }

    /// Who changes several items of a batch locks the batch first.
    private static func lock(_ batch: ModelBatchRow, _ db: Transaction) throws {
        _ = try db.fetch(JobStore.table, batch.batchID, locking: true)
    }

    private func collect(_ id: String, from service: any ModelBatches) async throws {
        let isLate = isOlder(than: ModelBatchQueue.answerTime)
        switch try await service.progress(of: id) {
        case .ended: break
        case .running:
            guard isLate else { return try await wait() }
            if batch.isCertain { try await service.cancel(id) }
            return try await end(because: "The provider did not answer within a day.")
        case .noRoom:
            let hasOthers = try await core.storage.read(as: scope) { db in
                try ModelBatchStore.hasOthers(besides: batch.id, db)
            }
            guard !isLate, hasOthers || batch.error != Self.noRoomAlone else {
                return try await end(because: Self.noRoomAlone)
            }
            let next = try await service.renew(id, as: batch.id.rawValue)
            return try await note(
                FoundBatch(id: next, isCertain: true), waiting: hasOthers ? Self.noRoom : Self.noRoomAlone)
        }
        try await store(try await service.results(of: id), from: service)
        try await end(because: nil)
    }

    private static let noRoom = "The provider has no room for the batch beside others."
    private static let noRoomAlone = "The provider has no room for the batch."

    private func store(_ results: [[UInt8]], from service: any ModelBatches) async throws {
        var lines = results[...]
        while !lines.isEmpty {
            let answers = lines.prefix(Self.answersAtOnce).compactMap { line -> (ID<BatchItem>, RawJSON)? in
                guard let result = service.result(in: line), let document = result.answer,
                    // What can't be read is asked for again.
                    let answer = try? service.answer(from: document), !answer.saysNothing
                else { return nil }
                return (ID(result.id), RawJSON(document))
            }
            lines = lines.dropFirst(Self.answersAtOnce)
            try await core.storage.write(as: scope) { [batch] db in
                try Self.lock(batch, db)
                for (item, answer) in answers { try DeferredRequestStore.answer(item, answer, of: batch.id, db) }
            }
            ready()
        }
    }

    /// Nobody waits for the answers any more.
    private func withdraw(from service: any ModelBatches) async throws {
        var known = batch.externalID.map { FoundBatch(id: $0, isCertain: batch.isCertain) }
        if known == nil, batch.attempts > 0 { known = try await found(in: service) }
        if let known, known.isCertain { try await service.cancel(known.id) }
        try await end(because: "It was cancelled.")
    }

    private func meet(_ failure: ProviderFailure, of service: any ModelBatches) async throws {
        // The next start of the server goes on.
        if Task.isCancelled { return }
        core.logger.warning(
            "A batch of a provider failed", metadata: ["batch.id": "\(batch.batchID)", "error": "\(failure)"])
        if batch.externalID == nil, failure.saysThereIsNone { await service.noteMissing() }
        let isOver =
            if batch.externalID == nil {
                failure.isPermanent || failure.saysThereIsNone || isOlder(than: ModelBatchQueue.submissionTime)
            } else {
                // A key that is refused now may be replaced while the answers are still there.
                failure.saysThereIsNone || [.badRequest, .unprocessable].contains(failure.kind)
                    || isOlder(than: ModelBatchQueue.answerTime)
            }
        if isOver {
            try await end(because: failure.message)
        } else {
            try await wait()
        }
    }

    private func isOlder(than time: Duration) -> Bool { batch.createdAt.advanced(by: time) <= core.now() }

    private func wait() async throws {
        let due = core.now().advanced(by: Self.pause(after: batch.attempts + 1))
        try await core.storage.write(as: scope) { [batch] db in
            guard var next = try db.fetch(ModelBatchStore.table, batch.id, locking: true) else { return }
            next.attempts += 1
            next.dueAt = due
            next.error = nil
            try ModelBatchStore.update(next, from: batch, db)
        }
    }

    /// From ten seconds to five minutes.
    private static func pause(after attempts: Int) -> Duration {
        var backoff = Backoff()
        backoff.firstDelay = .seconds(10)
        backoff.maximumDelay = .seconds(300)
        return backoff.delay(before: max(1, attempts), jitter: 0)
    }

    /// Ends the batch; items that have no answer ask by themselves.
    private func end(because error: String?) async throws {
        let released = try await core.storage.write(as: scope) { [batch] db -> Int in
            try Self.lock(batch, db)
            var next = batch
            next.state = .ended
            next.error = error
            guard try ModelBatchStore.update(next, from: batch, db) else { return 0 }
            return try DeferredRequestStore.release(of: batch.id, db)
        }
        guard released > 0 else { return }
        core.logger.notice(
            "A provider did not answer requests of a batch, which are made one by one",
            metadata: ["batch.id": "\(batch.batchID)", "requests": "\(released)"])
        ready()
    }
}
