public import JSON

extension API {
    /// Work that is no turn of an agent: reading files, batches. This server has none yet.
    public enum Jobs {
        public static let list = Endpoint<NoPath, NoQuery, NoBody, [Job]>(
            .get, "/v1/jobs/", "Lists jobs.")
        public static let active = Endpoint<NoPath, NoQuery, NoBody, [Job]>(
            .get, "/v1/jobs/active", "Lists the jobs that are not over.")
        public static let retrieve = Endpoint<ID<Job>, NoQuery, NoBody, Job>(
            .get, "/v1/jobs/{job_id}", "Retrieves a job.")
        public static let cancel = Endpoint<ID<Job>, NoQuery, NoBody, Job>(
            .patch, "/v1/jobs/{job_id}/cancel", "Stops a job.")
        public static let delete = Endpoint<ID<Job>, NoQuery, NoBody, Job>(
            .delete, "/v1/jobs/{job_id}", "Deletes a job.")
    }
}

/// A piece of background work that is no turn of an agent.
public struct Job: Resource, Codable, Sendable, JSONWritable {
    public static let idPrefix = "job"

    public var id: ID<Job>
}
