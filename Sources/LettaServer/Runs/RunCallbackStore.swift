import LettaAPI
import Storage

/// Tables `run_callback` and `job_callback`: the callbacks that have not arrived yet. Those of unfinished runs have no time.
enum RunCallbackStore {
    /// What has ended.
    enum Subject: Sendable, CustomStringConvertible {
        case run(ID<Run>)
        case job(ID<Job>)

        var description: String {
            switch self {
            case .run(let id): id.rawValue
            case .job(let id): id.rawValue
            }
        }

        fileprivate var table: SQLText {
            switch self {
            case .run: "run_callback"
            case .job: "job_callback"
            }
        }

        fileprivate var isNamed: SQLText {
            switch self {
            case .run(let id): "run_id = \(id)"
            case .job(let id): "job_id = \(id)"
            }
        }
    }

    struct Due: Sendable {
        let organization: String
        let subject: Subject
        /// How many times it was sent before.
        let attempts: Int
    }

    static func insert(_ run: Run, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO run_callback (organization_id, run_id, attempts, created_at)
            VALUES (\(db.organization), \(run.id), 0, \(run.createdAt))
            """)
    }

    /// Announces a job that has ended.
    static func insert(_ job: ID<Job>, at time: Timestamp, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO job_callback (organization_id, job_id, attempts, due_at, created_at)
            VALUES (\(db.organization), \(job), 0, \(time), \(time))
            """)
    }

    static func setDue(_ subject: Subject, at time: Timestamp, attempts: Int, _ db: Transaction) throws {
        try db.execute(
            """
            UPDATE \(subject.table) SET due_at = \(time), attempts = \(attempts)
            WHERE organization_id = \(db.organization) AND \(subject.isNamed)
            """)
    }

    static func delete(_ subject: Subject, _ db: Transaction) throws {
        try db.execute(
            "DELETE FROM \(subject.table) WHERE organization_id = \(db.organization) AND \(subject.isNamed)")
    }

    /// Stores the outcome of a callback.
    static func setOutcome(
        of subject: Subject, sentAt: Timestamp?, status: Int?, error: String?, _ db: Transaction
    ) throws {
        switch subject {
        case .run(let id): try RunStore.setCallback(id, sentAt: sentAt, status: status, error: error, db)
        case .job(let id):
            try db.execute(
                """
                UPDATE job SET callback_sent_at = \(sentAt), callback_status_code = \(status),
                    callback_error = \(error)
                WHERE organization_id = \(db.organization) AND id = \(id)
                """)
        }
    }

    /// Makes the callbacks of all organizations due whose runs ended when the server stopped.
    static func setAllDue(at time: Timestamp, _ db: any SQLExecutor) throws {
        try db.execute("UPDATE run_callback SET due_at = \(time) WHERE due_at IS NULL")
    }

    /// The callbacks of all organizations that are due, the oldest first.
    static func due(at time: Timestamp, limit: Int, _ db: any SQLExecutor) throws -> [Due] {
        let runs = try db.rows(
            """
            SELECT organization_id, run_id, attempts FROM run_callback WHERE due_at <= \(time)
            ORDER BY due_at LIMIT \(limit)
            """
        ).map {
            Due(
                organization: try $0["organization_id"], subject: .run(try $0["run_id"]),
                attempts: try $0["attempts"])
        }
        let jobs = try db.rows(
            """
            SELECT organization_id, job_id, attempts FROM job_callback WHERE due_at <= \(time)
            ORDER BY due_at LIMIT \(limit)
            """
        ).map {
            Due(
                organization: try $0["organization_id"], subject: .job(try $0["job_id"]),
                attempts: try $0["attempts"])
        }
        return runs + jobs
    }

    /// When the next callback of any organization is due; nil for none.
    static func nextTime(_ db: any SQLExecutor) throws -> Timestamp? {
        let runs: Timestamp? = try db.value("SELECT MIN(due_at) FROM run_callback")
        let jobs: Timestamp? = try db.value("SELECT MIN(due_at) FROM job_callback")
        return [runs, jobs].compactMap { $0 }.min()
    }
}
