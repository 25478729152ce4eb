import Foundation
import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// The turns of `scripts/bench local` with a model that claims everything and knows nothing: what the server makes of them
/// does not depend on the model.
@Suite(.timeLimit(.minutes(2))) struct EverydayTests {
    struct Turn: Decodable {
        var kind: String
        var say: [String]
        var block: String?
        var has: [String]?
        var gone: [String]?
        var answer: [String]?
    }

    private struct Life: Decodable {
        var values: [String: [String]]
        var passages: [String]
    }

    private static let nonsense = "Sure! I have added it and sent it to 99999. I'll remember that."

    private static func lines() throws -> [Substring] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Benchmarks/everyday.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    }

    /// The turns that went wrong, each as a text.
    private struct Misses {
        var memory: [String] = []
        var answers: [String] = []
        var claims: [String] = []
        var unknown: [String] = []
    }

    private func misses(_ wording: Int) throws -> Misses {
        let lines = try Self.lines()
        let life = try JSONDecoder().decode(Life.self, from: Data(lines[0].utf8))
        func filled(_ text: String) -> String {
            life.values.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value[wording]) }
        }
        func found(_ pattern: String, in text: String) throws -> Bool {
            try text.contains(Regex(filled(pattern)).ignoresCase())
        }
        var blocks = [
            MemoryBlock(label: "human", value: "", limit: 9_000),
            MemoryBlock(label: "persona", value: "I am a friendly assistant.", limit: 9_000),
            MemoryBlock(label: "todo", description: "The user's to-do and shopping list.", value: "", limit: 9_000),
        ]
        var history: [TurnMessage] = []
        var result = Misses()
        for line in lines.dropFirst() {
            let turn = try JSONDecoder().decode(Turn.self, from: Data(line.utf8))
            let said = filled(turn.say[wording])
            var recalled = RecalledTexts()
            recalled.passages = life.passages.map(filled)
            recalled.messages = history.filter { $0.role == .user }.compactMap(\.text)
            let tools = ["conversation_search", "memory_replace", "memory_insert", "set_timer", "get_weather"]
            let before = blocks
            var plan = TurnPlan.tools(tools)
            plan.traits = ModelTraits(toolCalls: .maybeText, isSmall: true)
            plan.smallModel = SmallModelPlan(
                userText: said, blocks: blocks, earlier: history, tools: tools, recalled: recalled)
            var scripted = ScriptedTurn(plan, Array(repeating: .say(Self.nonsense), count: 3))
            scripted.run()
            for run in scripted.runs {
                blocks = MemoryTools.run(run.tool, arguments: run.arguments, blocks: blocks)?.blocks ?? blocks
            }
            let answer = scripted.messages.compactMap { $0.role == .assistant ? $0.text : nil }.joined(separator: " ")
            func message(_ role: TurnMessage.Role, _ text: String) -> TurnMessage {
                TurnMessage(id: "message-1", role: role, parts: [.text(text)], createdAt: 0)
            }
            history += [message(.user, said), message(.assistant, answer)]
            let told = "\(turn.kind): \(said) > \(answer)"
            if let label = turn.block {
                let value = blocks.first { $0.label == label }?.value ?? ""
                let isRight =
                    try (turn.has ?? []).allSatisfy { try found($0, in: value) }
                    && !(turn.gone ?? []).contains { try found($0, in: value) }
                if !isRight { result.memory.append("\(told)\n\(value)") }
            } else if blocks != before {
                result.memory.append("\(told)\n\(blocks.map(\.value))")
            }
            if turn.kind == "ask", !(try (turn.answer ?? []).allSatisfy { try found($0, in: answer) }) {
                result.answers.append(told)
            }
            if turn.kind == "unknown", !answer.contains("don't know") { result.unknown.append(told) }
            if EnglishSentence.all(in: answer).contains(where: { ActClaim.acts(in: $0).contains(.outside) }) {
                result.claims.append(told)
            }
        }
        return result
    }

    /// Wordings 1 and 2 were not looked at while the rules were made.
    @Test(arguments: [(0, 0, 0), (1, 2, 1), (2, 4, 4)])
    func whatIsToldIsKeptAndWhatIsKeptIsSaid(wording: Int, memory: Int, answers: Int) throws {
        let missed = try misses(wording)
        #expect(missed.memory.count <= memory, "\(missed.memory.joined(separator: "\n\n"))")
        #expect(missed.answers.count <= answers, "\(missed.answers.joined(separator: "\n"))")
        #expect(missed.unknown.isEmpty, "\(missed.unknown.joined(separator: "\n"))")
        #expect(missed.claims.isEmpty, "\(missed.claims.joined(separator: "\n"))")
    }
}
