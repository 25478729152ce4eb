import JSON
import Storage
import Synchronization
import TestSupport
import Testing

@testable import LettaServer

/// Rows of agents are large, so that filters must not read those of all agents.
@Suite(.timeLimit(.minutes(3))) struct AgentIndexTests {
    /// Stands before a database and keeps how pages of agents are found.
    private struct PlanningStorage: StorageWrapper {
        final class Plans: Sendable {
            private let lines = Mutex<[String]>([])

            func add(_ more: [String]) { lines.withLock { $0 += more } }
            func take() -> [String] {
                lines.withLock { lines in
                    defer { lines = [] }
                    return lines
                }
            }
        }

        let base: any StorageEngine
        let plans: Plans

        func read<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
            try await base.read { [plans] db in try body(Planning(base: db, plans: plans)) }
        }

        func write<T: Sendable>(_ body: @escaping @Sendable (any SQLExecutor) throws -> T) async throws -> T {
            try await base.write(body)
        }
    }

    private struct Planning: ExecutorWrapper {
        let base: any SQLExecutor
        let plans: PlanningStorage.Plans

        func rows(_ sql: SQLText) throws(SQLFailure) -> [SQLRow] {
            if sql.text.contains("FROM agent\nWHERE"), sql.text.contains(" LIMIT ") {
                var lines: [String] = []
                if dialect == .sqlite {
                    for row in try base.rows("EXPLAIN QUERY PLAN \(sql)") { lines.append(try row["detail"]) }
                } else {
                    // A table of two rows is read whole otherwise.
                    for way in ["seqscan", "bitmapscan", "sort"] {
                        _ = try base.execute("SET LOCAL enable_\(SQLText(stringLiteral: way)) = off")
                    }
                    for row in try base.rows("EXPLAIN (COSTS OFF) \(sql)") { lines.append(try row["QUERY PLAN"]) }
                }
                plans.add(lines)
            }
            return try base.rows(sql)
        }
    }

    @Test(arguments: Engines.all)
    func `agents of a model and those that failed are found by an index`(_ engine: TestEngine) async throws {
        let plans = PlanningStorage.Plans()
        try await withServer(on: engine, { $0.wrapStorage = { PlanningStorage(base: $0, plans: plans) } }) { server in
            _ = try await server.newAgent()
            for (filter, index) in [("model=m", "agent_by_model"), ("state=failed", "agent_failed")] {
                _ = plans.take()
                try await server.get("/v1/server/agents?\(filter)").expect(200, [])
                let lines = plans.take()
                #expect(lines.contains { $0.contains("\(index) ") }, "\(filter): \(lines)")
            }
        }
    }
}
