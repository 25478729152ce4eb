import AgentEngine
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// How often the search of messages finds what was said: a floor under the quality of its ranking.
@Suite(.timeLimit(.minutes(5))) struct MemoryEvaluationTests {
    private struct Score: CustomStringConvertible {
        var questions = 0
        var (at5, at10) = (0, 0)
        var (changes, newestFirst) = (0, 0)

        var recall5: Double { Double(at5) / Double(max(1, questions)) }
        var recall10: Double { Double(at10) / Double(max(1, questions)) }
        var newest: Double { Double(newestFirst) / Double(max(1, changes)) }
        var description: String {
            "\(questions) questions, recall@5 \(recall5), recall@10 \(recall10), newest first \(newest) of \(changes)"
        }
    }

    @Test(arguments: Engines.all) func `what was said is found`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            var (tuned, heldOut) = (Score(), Score())
            for number in 0..<8 {
                let agent = try await server.newAgent("Agent \(number)")
                let turns = MemoryEvaluationData.conversation(number)
                try await Self.store(turns, of: ID(agent), number, on: server)
                for fact in Set(turns.compactMap(\.fact)).sorted() {
                    let isHeldOut = MemoryEvaluationData.isHeldOut(fact)
                    var score = isHeldOut ? heldOut : tuned
                    try await Self.ask(fact, turns, of: ID(agent), &score, on: server)
                    if isHeldOut { heldOut = score } else { tuned = score }
                }
            }
            // Shown with the test's output: these are the figures of docs/search.md.
            print("memory evaluation on \(engine): tuned: \(tuned); held out: \(heldOut)")
            #expect(tuned.questions > 60)
            #expect(tuned.recall5 >= 0.82)
            #expect(heldOut.recall5 >= 0.7)
            #expect(heldOut.recall10 >= 0.7)
            #expect(heldOut.newest >= 0.6)
        }
    }

    private static let scope = Scope(
        organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
    private static let start: Int64 = 1_700_000_000_000_000

    private static func store(
        _ turns: [MemoryEvaluationData.Turn], of agent: ID<AgentState>, _ number: Int, on server: TestServer
    ) async throws {
        try await server.storage.write(as: Self.scope) { db in
            guard var row = try AgentStore.rowForUpdate(agent, db) else { return }
            let first = row.nextMessagePosition
            let rows = turns.enumerated().map { index, turn in
                MessageRow(
                    TurnMessage(
                        id: id(number, index), role: turn.isUser ? .user : .assistant, parts: [.text(turn.text)],
                        createdAt: start + Int64(turn.minute) * 60_000_000),
                    agentID: agent, position: first + index, model: nil)
            }
            row.nextMessagePosition += rows.count
            try AgentStore.update(row, db)
            try MessageStore.insert(rows, db)
        }
    }

    private static func id(_ number: Int, _ index: Int) -> String {
        let digits = String(number * 10_000 + index)
        return "message-00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    private static func ask(
        _ fact: Int, _ turns: [MemoryEvaluationData.Turn], of agent: ID<AgentState>, _ score: inout Score,
        on server: TestServer
    ) async throws {
        var filter = MessageFilter()
        filter.agent = agent
        let search = MessageSearch(
            query: MemoryEvaluationData.facts[fact].question, filter: filter, limit: 10,
            now: Timestamp(microseconds: start + 200_000 * 60_000_000))
        let found = try await server.storage.read(as: Self.scope) { db in
            try search.run(nil, db).map { try $0.row.turnMessage().text ?? "" }
        }
        let newest = turns.last { $0.fact == fact }?.text ?? ""
        let place = found.firstIndex(of: newest)
        score.questions += 1
        score.at5 += (place ?? .max) < 5 ? 1 : 0
        score.at10 += place != nil ? 1 : 0
        guard let stale = turns.first(where: { $0.fact == fact && !$0.isChanged })?.text, stale != newest else {
            return
        }
        score.changes += 1
        score.newestFirst += (place ?? .max) < (found.firstIndex(of: stale) ?? .max) ? 1 : 0
    }
}
