import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// Tool rules mean the same in both loops.
@Suite(.timeLimit(.minutes(5))) struct RulesInBothLoopsTests {
    private static let loops: [AgentLoop] = [.answering, .heartbeat]
    private static let exit = ToolRule(tool: "send_message", .exitLoop)

    /// A turn whose model calls `tools` one after the other and then answers.
    private func turn(
        _ loop: AgentLoop, _ rules: [ToolRule], calling tools: [String], results: [String: JSONValue] = [:]
    ) -> ScriptedTurn {
        var plan = TurnPlan.tools(["a", "b", "c"] + (loop == .heartbeat ? ["send_message"] : []), rules: rules)
        if loop == .heartbeat { plan.rules.append(Self.exit) }
        plan.loop = loop
        let calls = tools.map { ModelAnswer.call($0, #"{"request_heartbeat": true}"#) }
        let end = loop == .heartbeat ? ModelAnswer.call("send_message", #"{"message": "end"}"#) : .say("end")
        var turn = ScriptedTurn(plan, calls + [end, end, end])
        turn.outcome = { ToolOutcome(results[$0.tool] ?? "fine") }
        turn.run()
        return turn
    }

    /// The tools offered in each call, without the one that speaks.
    private func offers(_ turn: ScriptedTurn) -> [[String]] {
        turn.modelCalls.map { $0.tools.filter { $0 != "send_message" } }
    }

    private static func conditional(defaultChild: String?, requiresMatch: Bool = false) -> ToolRule {
        ToolRule(
            tool: "a",
            .conditional(
                .init(
                    defaultChild: defaultChild,
                    cases: [.init(output: "true", child: "b"), .init(output: "7", child: "c")],
                    requiresMatch: requiresMatch)))
    }

    private static let outcomes: [(result: JSONValue, next: [String])] = [
        (true, ["b"]), ("True", ["b"]), (7, ["c"]), ("7.0", ["c"]), ("else", ["b"]),
    ]

    @Test(arguments: loops, outcomes)
    func `a result chooses the next tool`(_ loop: AgentLoop, _ row: (result: JSONValue, next: [String])) {
        let turn = turn(
            loop, [Self.conditional(defaultChild: "b")], calling: ["a", row.next[0]], results: ["a": row.result])
        #expect(offers(turn)[1] == row.next)
        #expect(turn.modelCalls[1].toolChoice == .one(row.next[0]))
        #expect(turn.runs.map(\.tool).prefix(2) == ["a", row.next[0]])
    }

    @Test(arguments: loops, [false, true])
    func `a result that chooses nothing leaves all tools`(_ loop: AgentLoop, _ requiresMatch: Bool) {
        let rule = Self.conditional(defaultChild: nil, requiresMatch: requiresMatch)
        let turn = turn(loop, [rule], calling: ["a"], results: ["a": "else"])
        #expect(offers(turn)[1] == ["a", "b", "c"])
        #expect(turn.end?.stop.runStatus == "completed")
    }

    @Test(arguments: loops)
    func `a count hides the tool once it is used up`(_ loop: AgentLoop) {
        let turn = turn(loop, [ToolRule(tool: "a", .maximumCount(2))], calling: ["a", "a", "a"])
        #expect(offers(turn).map { $0.contains("a") } == [true, true, false, false])
        #expect(turn.runs.filter { $0.tool == "a" }.count == 2)
        #expect(turn.results[2].contains("[ToolConstraintError] Cannot call a"))
    }

    @Test(arguments: loops)
    func `children follow their parent alone`(_ loop: AgentLoop) {
        let children = ToolRule(tool: "a", .constrainChildren(children: ["b"], arguments: nil))
        let constrained = turn(loop, [children], calling: ["a", "c", "b"])
        #expect(offers(constrained)[1] == ["b"] && offers(constrained)[2] == ["b"])
        #expect(constrained.runs.map(\.tool).prefix(2) == ["a", "b"], "c was refused")
        let parent = turn(loop, [ToolRule(tool: "a", .parentLast(children: ["b"]))], calling: ["b", "a", "b"])
        #expect(offers(parent)[0] == ["a", "c"] && offers(parent)[2].contains("b"))
        #expect(parent.runs.map(\.tool).prefix(2) == ["a", "b"], "the first b was refused")
    }

    @Test(arguments: loops)
    func `no turn ends without the tool that it needs`(_ loop: AgentLoop) {
        let rule = ToolRule(tool: "b", .requiredBeforeExit)
        let early = turn(loop, [rule], calling: [])
        #expect(early.messages.contains { $0.text?.contains("You must call b at least once") == true })
        let called = turn(loop, [rule], calling: ["b"])
        #expect(called.modelCalls.count == 2 && called.end?.stop.runStatus == "completed")
    }

    @Test(arguments: loops)
    func `a template of the client's changes nothing`(_ loop: AgentLoop) {
        let rule = ToolRule(tool: "a", .constrainChildren(children: ["b"], arguments: nil), promptTemplate: "{{ x }}")
        #expect(offers(turn(loop, [rule], calling: ["a", "b"]))[1] == ["b"])
        #expect(rule.promptElement?.contains("{{") == false, "clients' types say that it is ignored")
    }
}
