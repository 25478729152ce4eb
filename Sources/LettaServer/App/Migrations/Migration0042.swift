import Storage

extension Migration {
    /// Lists the schedules of all agents without sorting them.
    static let schedulesOfAllAgents = Migration(number: 42, name: "schedules of all agents") { _ in
        ["CREATE INDEX scheduled_message_by_creation ON scheduled_message (organization_id, created_at, id)"]
    }
}
