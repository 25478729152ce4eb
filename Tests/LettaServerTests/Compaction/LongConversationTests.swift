import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

/// A conversation that is much longer than its window: 600 messages, in the long run 10,000.
@Suite(.timeLimit(.minutes(60))) struct LongConversationTests {
    private static let window = 4_000
    private static let turns = TestRun.isLong ? 5_000 : 300

    /// What turns cost, by counts that no other work on the machine changes.
    private struct Cost {
        var statements = 0
        var rows = 0
        var bytes = 0
        var calls = 0

        /// The ratios to another cost, the largest first.
        func ratios(to other: Cost) -> [Double] {
            [(statements, other.statements), (rows, other.rows), (bytes, other.bytes), (calls, other.calls)]
                .map { Double($0.0) / Double(max(1, $0.1)) }.sorted(by: >)
        }
    }

    @Test(arguments: [true, false])
    func `a long conversation never overflows, forgets no memory, and its turns cost the same`(
        _ reportsUsage: Bool
    ) async throws {
        let (statements, rows) = (Counter(), Counter())
        let model = NarrowModel(window: Self.window, reportsUsage: reportsUsage)
        try await withServer(
            on: .sqlite,
            {
                $0.provider = model
                $0.wrapStorage = { CountingStorage(base: $0, statements: statements, rows: rows) }
            }
        ) { server in
            let agent = try await server.newAgent([
                "context_window_limit": .int(Int64(Self.window)), "system": "You are Ada.",
                "include_base_tools": false,
            ])
            var (early, late, largest) = (Cost(), Cost(), 0)
            for turn in 0..<Self.turns {
                let before = (statements.value, rows.value)
                _ = model.takeRequests()
                let text = "message \(turn) " + String(repeating: "words \(turn % 7) ", count: turn % 60)
                try await server.say(text, to: agent).expect(200, ["stop_reason": ["stop_reason": "end_turn"]])
                let requests = model.takeRequests()
                #expect(requests.count <= 1 + 2, "a turn makes few calls")
                for request in requests {
                    largest = max(largest, request.byteCount)
                    if case .system(let system)? = request.messages.first, !model.isSummary(request) {
                        #expect(system.contains("Ann"), "the memory is in every request")
                    }
                }
                func add(to cost: inout Cost) {
                    cost.statements += Int(statements.value - before.0)
                    cost.rows += Int(rows.value - before.1)
                    cost.bytes += requests.reduce(0) { $0 + $1.byteCount }
                    cost.calls += requests.count
                }
                if (100..<200).contains(turn) { add(to: &early) }
                if turn >= Self.turns - 100 { add(to: &late) }
            }
            #expect(model.overflows == 0)
            #expect(model.summaries > 3 && largest <= Self.window * 3)
            let ratios = late.ratios(to: early)
            #expect(ratios[0] <= 1.3, "turns 100 to 200: \(early), the last 100: \(late)")
            let block = try await server.get("/v1/agents/\(agent)/core-memory/blocks/human")
            #expect(block.json["value"] == "Ann")
            let ids = try await server.get("/v1/agents/\(agent)").json["message_ids"]?.array?.count ?? 0
            #expect(ids < 300)
            let stored = try await server.storage.read { db in
                try db.rows("SELECT COUNT(*) AS count FROM message WHERE agent_id = \(agent)")[0]["count"] as Int
            }
            #expect(stored >= 2 * Self.turns, "all of it stays in the list")
        }
    }
}
