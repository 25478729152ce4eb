import LettaAPI
import Storage

/// Lists, cancels and deletes jobs. A run has the routes of a job, but not its lists, as with the peer.
struct JobService: Sendable {
    let core: Core
    let runs: RunService
    let turns: TurnService
    let batches: BatchService

    func list(_ query: ListJobs, as scope: Scope) async throws -> Page<Job> {
        let request = try PageRequest(
            query, defaultLimit: 100, defaultOrder: query.ascending == true ? .ascending : .descending)
        return try await core.storage.read(as: scope) { db in
            try JobStore.page(request, folder: query.sourceID, onlyActive: query.active == true, db)
        }
    }

    func active(_ query: ListActiveJobs, as scope: Scope) async throws -> Page<Job> {
        let request = try PageRequest(query, defaultOrder: query.ascending == false ? .descending : .ascending)
        return try await core.storage.read(as: scope) { db in
            try JobStore.page(request, folder: query.sourceID, onlyActive: true, db)
        }
    }

    func retrieve(_ path: JobPath, as scope: Scope) async throws -> Job {
        switch path {
        case .run(let id): Job(try await runs.retrieve(id, as: scope))
        case .job(let id): try await core.storage.read(as: scope) { db in try Self.row(id, db).job }
        }
    }

    /// Cancels what has not ended; the others stay as they are.
    func cancel(_ path: JobPath, as scope: Scope) async throws -> Job {
        switch path {
        case .run(let id):
            var job = Job(try await runs.retrieve(id, as: scope))
            guard !job.status.isFinished, let agent = job.agentID else { return job }
            var body = CancelRuns()
            body.runIDs = [id.rawValue]
            do {
                _ = try await turns.cancel(agent, body, as: scope)
            } catch let error as APIError where error.status == 409 {
                // It has ended since it was read, or another server runs it.
                job = Job(try await runs.retrieve(id, as: scope))
                guard job.status.isFinished else { throw error }
                return job
            }
            job.status = .cancelled
            return job
        case .job(let id):
            let time = core.now()
            let known = try await core.storage.read(as: scope) { db in try Self.row(id, db).job }
            if known.jobType == .batch {
                try await batches.cancel(id, as: scope)
                return try await retrieve(path, as: scope)
            }
            return try await core.storage.write(as: scope) { db in
                var row = try Self.row(id, locking: true, db)
                guard !row.job.status.isFinished else { return row.job }
                row.job.status = .cancelled
                row.job.completedAt = time
                row.job.updatedAt = time
                row.job.lastUpdatedByID = scope.user
                try db.update(row, in: JobStore.table)
                return row.job
            }
        }
    }

    func delete(_ path: JobPath, as scope: Scope) async throws -> Job {
        switch path {
        case .run(let id): Job(try await runs.delete(id, as: scope))
        case .job(let id):
            try await core.storage.write(as: scope) { db in
                let row = try Self.row(id, locking: true, db)
                try db.delete(id, from: JobStore.table)
                return row.job
            }
        }
    }

    private static func row(_ id: ID<Job>, locking: Bool = false, _ db: Transaction) throws -> JobRow {
        guard let row = try db.fetch(JobStore.table, id, locking: locking) else { throw APIError.notFound("Job", id) }
        return row
    }
}
