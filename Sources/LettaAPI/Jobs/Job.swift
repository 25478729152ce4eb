public import JSON

/// A piece of background work, such as reading a file or a batch of messages.
public struct Job: ListedResource, Codable, Sendable, JSONWritable, JSONFlattened {
    public static let idPrefix = "job"

    public var id: ID<Job>
    public var jobType: JobType
    public var status: JobStatus
    public var stopReason: StopReason?
    public var metadata: ObjectDocument?
    public var background: Bool?
    public var agentID: ID<AgentState>?
    public var userID: String?
    public var callbackURL: String?
    public var callbackSentAt: Timestamp?
    public var callbackStatusCode: Int?
    public var callbackError: String?
    /// Nanoseconds until the first token.
    public var timeToFirstToken: Int?
    /// In nanoseconds.
    public var totalDuration: Int?
    public var createdByID: String?
    public var lastUpdatedByID: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var completedAt: Timestamp?

    public init(id: ID<Job>, jobType: JobType = .job, status: JobStatus = .created, createdAt: Timestamp) {
        self.id = id
        self.jobType = jobType
        self.status = status
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// A run in the form of a job.
    public init(_ run: Run) {
        let status = JobStatus(rawValue: run.status.rawValue) ?? .running
        self.init(id: ID(run.id.rawValue), jobType: .run, status: status, createdAt: run.createdAt)
        stopReason = run.stopReason
        metadata = run.metadata
        background = run.background
        agentID = run.agentID
        callbackURL = run.callbackURL
        callbackSentAt = run.callbackSentAt
        callbackStatusCode = run.callbackStatusCode
        callbackError = run.callbackError
        timeToFirstToken = run.timeToFirstToken
        totalDuration = run.totalDuration
        completedAt = run.completedAt
        updatedAt = run.completedAt ?? run.createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, jobType, status, stopReason, metadata, background, agentID, userID, callbackURL, callbackSentAt
        case callbackStatusCode, callbackError, createdByID, lastUpdatedByID, createdAt, updatedAt, completedAt
        case timeToFirstToken = "ttft_ns"
        case totalDuration = "total_duration_ns"
    }
}

public enum JobType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case job, run, batch
}

public enum JobStatus: String, Codable, Sendable, CaseIterable, JSONWritable {
    case created, running, completed, failed, pending, cancelled, expired

    public var isFinished: Bool {
        switch self {
        case .created, .running, .pending: false
        case .completed, .failed, .cancelled, .expired: true
        }
    }
}

/// The path of a job, or of a run, which the first generation of clients retrieves as a job.
public enum JobPath: PathParameters {
    case job(ID<Job>)
    case run(ID<Run>)

    public static let patterns: [CapturePattern] = [.ids(prefixes: [Job.idPrefix, Run.idPrefix], words: [])]

    public var captured: [String] {
        switch self {
        case .job(let id): [id.rawValue]
        case .run(let id): [id.rawValue]
        }
    }

    public init(captured values: [String]) {
        self = values[0].hasPrefix("\(Run.idPrefix)-") ? .run(ID(values[0])) : .job(ID(values[0]))
    }
}

public struct ListJobs: PageQuery {
    /// The folder whose files are read.
    public var sourceID: String?
    /// Whether only jobs that have not ended are shown.
    public var active: Bool?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// The older spelling of `order`.
    public var ascending: Bool?

    public init() {}
}

public struct ListActiveJobs: PageQuery {
    /// The folder whose files are read.
    public var sourceID: String?
    public var before: String?
    public var after: String?
    public var limit: Int?
    public var order: SortOrder?
    /// The older spelling of `order`.
    public var ascending: Bool?

    public init() {}
}

extension API {
    /// Background work. A run can be retrieved, cancelled and deleted as a job, but is not listed among them.
    public enum Jobs {
        public static let list = Endpoint<NoPath, ListJobs, NoBody, [Job]>(
            .get, "/v1/jobs/", "Lists jobs, newest first.")
        public static let active = Endpoint<NoPath, ListActiveJobs, NoBody, [Job]>(
            .get, "/v1/jobs/active", "Lists the jobs that have not ended, oldest first.")
        public static let retrieve = Endpoint<JobPath, NoQuery, NoBody, Job>(
            .get, "/v1/jobs/{job_id}", "Retrieves a job or a run.")
        public static let cancel = Endpoint<JobPath, NoQuery, NoBody, Job>(
            .patch, "/v1/jobs/{job_id}/cancel", "Cancels a job or a run that has not ended.")
        public static let delete = Endpoint<JobPath, NoQuery, NoBody, Job>(
            .delete, "/v1/jobs/{job_id}", "Deletes a job, or a run that has ended.")
    }
}
