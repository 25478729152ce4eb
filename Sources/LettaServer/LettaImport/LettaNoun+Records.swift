import JSON
import LettaAPI
import Storage

/// What comes after the agents: groups, and the records of what they did.
extension LettaNoun {
    static let groups = LettaNoun(
        name: "groups", table: "groups", target: "agent_group",
        gather: { row, source in
            if row["agent_ids"].array?.isEmpty != false {
                row["agent_ids"] = .array(
                    try await source.rows("groups_agents", of: "group_id", row.id).map { $0["agent_id"] })
            }
            row["shared_block_ids"] = .array(
                try await source.rows("groups_blocks", of: "group_id", row.id).map { $0["block_id"] })
        },
        store: { row, writer in
            var row = row
            row.fill("description", "")
            var group: Group = try row.decode()
            let agents = try LettaImportStore.present(group.agentIDs.map(\.rawValue), in: "agent", writer.db)
            let blocks = try LettaImportStore.present(group.sharedBlockIDs.map(\.rawValue), in: "block", writer.db)
            if agents.count < Set(group.agentIDs).count { writer.note("a group names an agent that does not exist") }
            group.agentIDs = group.agentIDs.withoutDuplicates.filter { agents.contains($0.rawValue) }
            group.sharedBlockIDs = group.sharedBlockIDs.withoutDuplicates.filter { blocks.contains($0.rawValue) }
            try GroupStore.insert(group, at: row.createdAt, writer.db)
        })

    static let runs = LettaNoun(
        name: "runs", table: "runs", target: "run", isLarge: true,
        store: { row, writer in try storeRun(row, &writer) })

    private static func storeRun(_ row: LettaRow, _ writer: inout LettaWriter) throws {
        var row = row
        row["metadata"] = row["metadata_"]
        row.fill("background", false)
        row["created_at"] = .string(row.createdAt.wireText)
        if row["status"].string == "expired" { row["status"] = "failed" }
        if row["status"].string == "pending" { row["status"] = "created" }
        dropUnknownStopReason(&row)
        var run: Run = try row.decode()
        if run.status == .created || run.status == .running {
            run.status = .cancelled
            run.stopReason = .cancelled
            run.completedAt = row.updatedAt
            writer.note("a run that was under way is cancelled")
        }
        var stored = Stored(run, at: row.createdAt)
        stored.updatedAt = row.updatedAt
        try writer.db.insert(stored, into: RunStore.table)
    }

    private static func dropUnknownStopReason(_ row: inout LettaRow) {
        if let reason = row.text("stop_reason"), StopReason(rawValue: reason) == nil { row["stop_reason"] = .null }
    }

    static let steps = LettaNoun(
        name: "steps", table: "steps", target: "step", isLarge: true,
        gather: { row, source in
            guard let metrics = try await source.rows("step_metrics", of: "id", row.id).first else { return }
            for column in ["step_start_ns", "llm_request_start_ns", "llm_request_ns", "tool_execution_ns", "step_ns"] {
                row[column] = metrics[column]
            }
        },
        store: { row, writer in
            var row = row
            // Runs were jobs once.
            row.fill("run_id", row["job_id"])
            guard let id = row.text("run_id"), let run = try RunStore.run(ID(id), writer.db) else {
                throw LettaRowProblem("its run does not exist")
            }
            row.fill("agent_id", .string(run.agentID.rawValue))
            row["organization_id"] = .string(writer.db.organization)
            row["status"] = .string((row.text("status") ?? "success").lowercased())
            if row.text("status") == "pending" { row["status"] = "cancelled" }
            row.fill("tags", [])
            row["tool_names"] = []
            for column in ["prompt_tokens", "completion_tokens", "total_tokens"] { row.fill(column, 0) }
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            dropUnknownStopReason(&row)
            try writer.db.insert(try row.decode(StepRow.self), into: StepStore.table)
        })

    static let jobs = LettaNoun(
        name: "jobs", table: "jobs", target: "job", isLarge: true, isOwn: { $0.text("job_type") != "run" },
        store: { row, writer in
            var row = row
            row["metadata"] = row["metadata_"]
            row.fill("job_type", "job")
            row["created_at"] = .string(row.createdAt.wireText)
            row["updated_at"] = .string(row.updatedAt.wireText)
            dropUnknownStopReason(&row)
            var job: Job = try row.decode()
            if !job.status.isFinished {
                job.status = .cancelled
                job.completedAt = row.updatedAt
                writer.note("a job that was under way is cancelled")
            }
            try writer.db.insert(JobRow(job), into: JobStore.table)
        })

    /// Runs of versions that stored them with the jobs.
    static let runJobs = LettaNoun(
        name: "runs among jobs", table: "jobs", target: "run", isLarge: true,
        gather: { row, source in
            guard row["agent_id"].isNull, row.text("job_type") == "run" else { return }
            row["agent_id"] = try await source.rows("steps", of: "job_id", row.id).first?["agent_id"] ?? .null
            row.fill("agent_id", row["metadata_"]["agent_id"] ?? .null)
        },
        isOwn: { $0.text("job_type") == "run" },
        store: { row, writer in
            guard row.text("agent_id") != nil else { throw LettaRowProblem("which agent it is of is not known") }
            try storeRun(row, &writer)
        })
}
