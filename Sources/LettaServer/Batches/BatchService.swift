import JSON
import LettaAPI
import Storage

/// Batches: jobs whose items are turns of agents in the background.
struct BatchService: Sendable {
    let core: Core
    let turns: TurnService
    let queue: BatchQueue

    /// The most items of a batch.
    static let limit = 10_000
    /// How many failed items a batch tells about.
    static let shownFailures = 100

    func list(_ query: ListBatches, as scope: Scope) async throws -> Page<Job> {
        try await core.storage.read(as: scope) { db in
            let page = try BatchStore.page(query, db)
            // Those that are over have their counts stored.
            let counts = try BatchStore.counts(of: page.items.filter { !$0.status.isFinished }.map(\.id), db)
            return try page.map { job in
                var job = job
                if let counts = counts[job.id] { try Self.count(counts, in: &job) }
                return job
            }
        }
    }

    func create(_ body: CreateBatch, as scope: Scope) async throws -> Job {
        guard !body.requests.isEmpty, body.requests.count <= Self.limit else {
            throw APIError.invalidField(
                "requests", "needs 1 to \(Self.limit) requests", input: .int(Int64(body.requests.count)))
        }
        for (index, request) in body.requests.enumerated() {
            do {
                _ = try TurnRequest(request.messages, to: request.agentID, following: .later)
            } catch let error as APIError {
                throw APIError.invalidField(
                    "requests", "request \(index) is not valid: \(error.explanation)", input: .int(Int64(index)))
            }
        }
        let time = core.now()
        var job = Job(id: core.ids.next(), jobType: .batch, createdAt: time)
        job.callbackURL = try RunCallbackService.checked(body.callbackURL)
        job.background = true
        job.userID = scope.user
        job.createdByID = scope.user
        job.metadata = ObjectDocument([
            "job_type": "batch_messages", "item_count": .int(Int64(body.requests.count)),
        ])
        try await core.storage.write(as: scope) { [core, job] db in
            let agents = body.requests.map(\.agentID).withoutDuplicates
            let found = Set(try db.fetch(AgentStore.table, agents).map(\.id))
            if let missing = agents.first(where: { !found.contains($0) }) { throw APIError.notFound("Agent", missing) }
            try db.insert(JobRow(job, key: scope.key), into: JobStore.table)
            try BatchStore.insert(body.requests, of: job.id, ids: core.ids, at: time, db)
        }
        queue.wake()
        return job
    }

    func retrieve(_ id: ID<Job>, as scope: Scope) async throws -> Job {
        try await core.storage.read(as: scope) { db in
            var row = try Self.batch(id, db)
            if !row.job.status.isFinished { try Self.count(&row, db) }
            return row.job
        }
    }

    func messages(of id: ID<Job>, _ query: ListBatchMessages, as scope: Scope) async throws -> Page<Message> {
        let request = try PageRequest(query, defaultLimit: 100)
        return try await core.storage.read(as: scope) { db in
            _ = try Self.batch(id, db)
            return try BatchStore.messages(of: id, by: query.agentID, request, db)
        }
    }

    /// Cancels the items that have not ended. Idempotent.
    func cancel(_ id: ID<Job>, as scope: Scope) async throws {
        let time = core.now()
        let runs = try await core.storage.write(as: scope) { [core] db -> [ID<Run>] in
            var row = try Self.batch(id, locking: true, db)
            let runs = try BatchStore.cancel(id, db)
            // The server that leads may be another one.
            if core.servers != nil { try ServerStore.requestCancel(of: runs, at: time, db) }
            guard !row.job.status.isFinished else { return runs }
            row.job.lastUpdatedByID = scope.user
            try Self.finish(&row, as: .cancelled, at: time, db)
            return runs
        }
        cancelTurns(runs, as: scope)
        queue.wake()
    }

    /// Cancels the turns of items that were at work.
    func cancelTurns(_ runs: [ID<Run>], as scope: Scope) {
        turns.worker.cancel(runs.compactMap { turns.worker.control(of: $0, in: scope.organization) })
    }

    /// Stores the end of a batch, and that it is to be announced.
    static func finish(_ row: inout JobRow, as status: JobStatus, at time: Timestamp, _ db: Transaction) throws {
        row.job.status = status
        row.job.completedAt = time
        row.job.updatedAt = time
        row.job.totalDuration = row.job.createdAt.nanoseconds(to: time)
        try count(&row, db)
        try db.update(row, in: JobStore.table)
        if row.job.callbackURL != nil { try RunCallbackStore.insert(row.job.id, at: time, db) }
    }

    /// Says in the metadata how many items ended how, why some failed, and how many wait for their provider.
    static func count(_ row: inout JobRow, _ db: Transaction) throws {
        try count(try BatchStore.counts(row.job.id, db), in: &row.job)
        let failures = try BatchStore.failures(of: row.job.id, limit: Self.shownFailures, db)
        guard !failures.isEmpty else { return }
        var metadata = (try row.job.metadata?.json.value())?.object ?? [:]
        metadata["errors"] = .array(failures)
        row.job.metadata = ObjectDocument(metadata)
    }

    private static func count(_ counts: BatchStore.Counts, in job: inout Job) throws {
        var metadata = (try job.metadata?.json.value())?.object ?? [:]
        for name in [RunStatus.completed, .failed, .cancelled].map(\.rawValue) {
            metadata[name] = .int(Int64(counts.byStatus[name] ?? 0))
        }
        if let deferred = counts.byStatus["deferred"] { metadata["deferred"] = .int(Int64(deferred)) }
        job.metadata = ObjectDocument(metadata)
    }

    static func batch(_ id: ID<Job>, locking: Bool = false, _ db: Transaction) throws -> JobRow {
        guard let row = try db.fetch(JobStore.table, id, locking: locking), row.job.jobType == .batch else {
            throw APIError.notFound("Job", id)
        }
        return row
    }
}
