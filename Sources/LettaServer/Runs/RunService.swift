import JSON
import LettaAPI
import Storage

/// Lists, reads and deletes runs, and sums up their usage.
struct RunService: Sendable {
    let core: Core
    let ends: RunEnds

    func list(_ query: ListRuns, as scope: Scope) async throws -> Page<Run> {
        var page = try await core.storage.read(as: scope) { [ends] db in
            var page = try RunStore.page(query, db)
            page.items = try RunDetailStore.complete(page.items.map(ends.current), db)
            return page
        }
        if query.active == true { page.items.removeAll { $0.status != .created && $0.status != .running } }
        return page
    }

    func active(_ query: ListActiveRuns, as scope: Scope) async throws -> Page<Run> {
        var filter = ListRuns()
        filter.agentID = query.agentID
        filter.background = query.background
        filter.active = true
        filter.limit = 0
        return try await list(filter, as: scope)
    }

    func retrieve(_ id: ID<Run>, as scope: Scope) async throws -> Run {
        try await core.storage.read(as: scope) { [ends] db in
            try RunDetailStore.complete([ends.current(try Self.run(id, db))], db)[0]
        }
    }

    /// Deletes a run that has ended. Its messages remain in the agent's history.
    func delete(_ id: ID<Run>, as scope: Scope) async throws -> Run {
        let run = try await core.storage.write(as: scope) { [ends] db in
            let run = ends.current(try Self.run(id, db))
            guard run.status != .created, run.status != .running else {
                throw APIError.conflict("Run \(id) has not ended. Cancel it first.")
            }
            try RunStore.delete(id, db)
            return run
        }
        ends.forget(id)
        return run
    }

    func steps(of id: ID<Run>, _ query: ListRelated, as scope: Scope) async throws -> Page<Step> {
        let request = try PageRequest(query, defaultLimit: 100)
        return try await core.storage.read(as: scope) { db in
            _ = try Self.run(id, db)
            return request.page(of: try StepStore.rows(of: id, db).map(\.step)) { $0.id.rawValue }
        }
    }

    func usage(of id: ID<Run>, as scope: Scope) async throws -> RunUsage {
        try await core.storage.read(as: scope) { db in
            _ = try Self.run(id, db)
            var usage = RunUsage()
            for row in try StepStore.rows(of: id, db) {
                usage.completionTokens += row.step.completionTokens
                usage.promptTokens += row.step.promptTokens
                usage.totalTokens += row.step.totalTokens
                usage.addDetails(of: row.step)
            }
            return usage
        }
    }

    func metrics(of id: ID<Run>, as scope: Scope) async throws -> RunMetrics {
        try await core.storage.read(as: scope) { [ends] db in
            let run = ends.current(try Self.run(id, db))
            let steps = try StepStore.rows(of: id, db)
            let names = steps.flatMap(\.toolNames).withoutDuplicates
            let tools = try ToolStore.rows(named: names, db).map(\.id.rawValue)
            var metrics = RunMetrics(
                id: id, organizationID: scope.organization, agentID: run.agentID, start: run.startedAt,
                duration: run.totalDuration, stepCount: steps.count, toolsUsed: tools)
            let origin = try AgentStore.row(run.agentID, db)?.origin
            metrics.projectID = origin?.projectID
            metrics.templateID = origin?.templateID
            metrics.baseTemplateID = origin?.baseTemplateID
            return metrics
        }
    }

    /// The steps of which a part of a trace may be asked for: a statement names each.
    static let mostSteps = 500

    /// - Parameter count: of the first steps alone; nil for all.
    func spans(of id: ID<Run>, steps count: Int?, as scope: Scope) async throws -> [RunSpan] {
        if let count, !(0...Self.mostSteps).contains(count) {
            throw APIError.invalidField(
                "steps", "must be from 0 to \(Self.mostSteps)", input: .int(Int64(count)), in: "query")
        }
        let (run, steps, kept, others) = try await core.storage.read(as: scope) { db in
            let (run, steps) = (try Self.run(id, db), try StepStore.rows(of: id, limit: count, db))
            let some = count.map { _ in steps.map(\.step.id) }
            let kept = some == [] ? [] : try StepStore.spans(of: id, in: some, db)
            return (run, steps, kept, count == 0 ? [] : try RunStore.spans(of: id, db))
        }
        return RunSpan.spans(of: ends.current(run), steps, kept: kept, others: others)
    }

    static func run(_ id: ID<Run>, _ db: Transaction) throws -> Run {
        guard let run = try RunStore.run(id, db) else { throw APIError.notFound("Run", id) }
        return run
    }
}
