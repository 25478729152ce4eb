import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// Turns under each kind of tool rule.
@Suite(.timeLimit(.minutes(2))) struct ToolRuleStateTests {
    private func turn(
        _ rules: [ToolRule], _ answers: [ModelAnswer], steps: Int = 10, result: String = "done"
    ) -> ScriptedTurn {
        var plan = TurnPlan.tools(["t_c", "t_a", "t_b"], rules: rules)
        plan.maximumSteps = steps
        var turn = ScriptedTurn(plan, answers)
        turn.outcome = { _ in ToolOutcome(.string(result)) }
        turn.run()
        return turn
    }

    private let all = ["t_c", "t_a", "t_b"]

    // MARK: run_first

    @Test func theFirstToolIsForcedWithItsArguments() {
        let rule = ToolRule(tool: "t_a", .runFirst(arguments: ["x": "pre"]))
        let mine = #"{"x":"mine"}"#
        let turn = turn([rule], [.call("t_a", #"{"x":"mine","y":1}"#), .call("t_a", mine), .say("done")])
        #expect(turn.modelCalls.map(\.tools) == [["t_a"], all, all])
        #expect(turn.modelCalls.map(\.toolChoice) == [.one("t_a"), .auto, .auto])
        #expect(turn.runs.map(\.arguments) == [["x": "pre", "y": 1], ["x": "mine"]])
        #expect(turn.messages[0].toolCalls.map(\.arguments) == [#"{"x": "pre", "y": 1}"#])
    }

    @Test func oneOfSeveralFirstToolsIsRequired() {
        let rules = ["t_a", "t_b"].map { ToolRule(tool: $0, .runFirst(arguments: nil)) }
        let turn = turn(rules, [.say("skip")])
        #expect(turn.modelCalls.map(\.tools) == [["t_a", "t_b"]])
        #expect(turn.modelCalls.map(\.toolChoice) == [.required])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func anotherFirstToolIsRefused() {
        let turn = turn([ToolRule(tool: "t_a", .runFirst(arguments: nil))], [.call("t_b"), .say("x")])
        #expect(turn.runs.isEmpty)
        #expect(turn.results == ["[ToolConstraintError] Cannot call t_b, valid tools include: ['t_a']."])
        #expect(turn.modelCalls.map(\.tools) == [["t_a"], ["t_a"]])
    }

    @Test func rulesForToolsTheAgentLacksHaveNoEffect() {
        let rules = [
            ToolRule(tool: "gone", .runFirst(arguments: nil)), ToolRule(tool: "gone", .requiredBeforeExit),
            ToolRule(tool: "gone", .exitLoop),
        ]
        let turn = turn(rules, [.say("x")])
        #expect(turn.modelCalls.map(\.tools) == [all])
        #expect(turn.end?.stop == .endTurn)
    }

    // MARK: constrain_child_tools

    private let child = ToolRule(
        tool: "t_a",
        .constrainChildren(children: ["t_b"], arguments: [.init(child: "t_b", arguments: ["x": "preset"])]))

    @Test func afterTheToolOnlyItsChildrenMayFollow() {
        let turn = turn([child], [.call("t_a"), .call("t_c"), .call("t_b", #"{"x": "mine"}"#), .say("done")])
        #expect(turn.modelCalls.map(\.tools) == [all, ["t_b"], ["t_b"], all])
        #expect(turn.modelCalls.map(\.toolChoice) == [.auto, .one("t_b"), .one("t_b"), .auto])
        #expect(turn.runs.map(\.tool) == ["t_a", "t_b"])
        #expect(turn.runs[1].arguments == ["x": "preset"])
        #expect(
            turn.results[1] == """
                [ToolConstraintError] Cannot call t_c, valid tools include: ['t_b'].
                ** Hint: Possible rules that were violated:
                \t- <tool_rule>
                After t_a, the next tool must be one of: t_b.
                </tool_rule>
                """)
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func theModelMayStillAnswerInText() {
        #expect(turn([child], [.call("t_a"), .say("early")]).end?.stop == .endTurn)
    }

    @Test func childrenTheAgentLacksForceNothing() {
        let rule = ToolRule(tool: "t_a", .constrainChildren(children: ["gone"], arguments: nil))
        let turn = turn([rule], [.call("t_a"), .say("done")])
        #expect(turn.modelCalls.map(\.tools) == [all, all])
        #expect(turn.modelCalls.map(\.toolChoice) == [.auto, .auto])
    }

    // MARK: parent_last_tool

    @Test func childrenAreHiddenUnlessTheParentCameLast() {
        let rule = ToolRule(tool: "t_a", .parentLast(children: ["t_b"]))
        let turn = turn([rule], [.call("t_b"), .call("t_a"), .call("t_b"), .say("done")])
        #expect(turn.modelCalls.map(\.tools) == [["t_c", "t_a"], ["t_c", "t_a"], ["t_b"], ["t_c", "t_a"]])
        #expect(turn.modelCalls.map(\.toolChoice) == [.auto, .auto, .one("t_b"), .auto])
        #expect(turn.results[0] == "[ToolConstraintError] Cannot call t_b, valid tools include: ['t_c', 't_a'].")
        #expect(turn.runs.map(\.tool) == ["t_a", "t_b"])
    }

    // MARK: conditional

    static let conditions: [(output: String, result: String, next: [String])] = [
        ("go", "go", ["t_b"]), ("go", "stay", ["t_c"]), ("true", "True", ["t_b"]), ("True", "true", ["t_b"]),
        ("1", "1", ["t_b"]), ("1", "1.0", ["t_b"]), ("0.5", ".5", ["t_b"]), ("1", "2", ["t_c"]),
        ("1", "True", ["t_c"]),
    ]

    @Test(arguments: conditions)
    func theResultDecidesWhatComesNext(_ row: (output: String, result: String, next: [String])) {
        let rule = ToolRule(
            tool: "t_a",
            .conditional(
                .init(defaultChild: "t_c", cases: [.init(output: row.output, child: "t_b")], requiresMatch: false)))
        let turn = turn([rule], [.call("t_a"), .say("done")], result: row.result)
        #expect(turn.modelCalls.map(\.tools) == [all, row.next])
        #expect(turn.modelCalls[1].toolChoice == .one(row.next[0]))
    }

    @Test(arguments: [true, false])
    func withoutMatchAndDefaultEverythingMayFollow(_ requiresMatch: Bool) {
        let rule = ToolRule(
            tool: "t_a",
            .conditional(
                .init(defaultChild: nil, cases: [.init(output: "go", child: "t_b")], requiresMatch: requiresMatch)))
        let turn = turn([rule], [.call("t_a"), .say("done")], result: "stay")
        #expect(turn.modelCalls.map(\.tools) == [all, all])
        #expect(turn.modelCalls[1].toolChoice == .auto)
    }

    // MARK: exit_loop, continue_loop

    @Test func theExitToolEndsTheTurn() {
        let turn = turn([ToolRule(tool: "t_a", .exitLoop)], [.call("t_a"), .say("never")])
        #expect(turn.end?.stop == .toolRule)
        #expect(turn.modelCalls.count == 1)
        #expect(turn.results == ["done"])
    }

    @Test func theExitToolEndsTheTurnEvenInTheLastStep() {
        #expect(turn([ToolRule(tool: "t_a", .exitLoop)], [.call("t_a")], steps: 1).end?.stop == .toolRule)
    }

    @Test func aRefusedExitToolEndsNothing() {
        let rules = [ToolRule(tool: "t_a", .exitLoop), ToolRule(tool: "t_b", .runFirst(arguments: nil))]
        let turn = turn(rules, [.call("t_a"), .say("x")])
        #expect(turn.end?.stop == .endTurn)
        #expect(turn.modelCalls.count == 2)
    }

    @Test func aContinuingToolLeadsToAnotherStep() {
        #expect(turn([ToolRule(tool: "t_a", .continueLoop)], [.call("t_a"), .say("x")]).modelCalls.count == 2)
    }

    // MARK: max_count_per_step

    @Test func aToolMayBeCalledAsOftenAsTheRuleSays() {
        let turn = turn(
            [ToolRule(tool: "t_a", .maximumCount(2))], [.call("t_a"), .call("t_a"), .call("t_a"), .say("x")])
        #expect(turn.modelCalls.map(\.tools) == [all, all, ["t_c", "t_b"], ["t_c", "t_b"]])
        #expect(turn.runs.count == 2)
        #expect(
            turn.results[2] == """
                [ToolConstraintError] Cannot call t_a, valid tools include: ['t_c', 't_b'].
                ** Hint: Possible rules that were violated:
                \t- <tool_rule>
                t_a can be used at most 2 times per response.
                </tool_rule>
                """)
    }

    @Test func whenEverythingIsUsedUpNoToolIsOffered() {
        let rules = all.map { ToolRule(tool: $0, .maximumCount(0)) }
        let turn = turn(rules, [.say("x")])
        #expect(turn.modelCalls.map(\.tools) == [[]])
        #expect(turn.modelCalls.map(\.toolChoice) == [.auto])
    }

    // MARK: required_before_exit

    private let required = ToolRule(tool: "t_c", .requiredBeforeExit)
    private let notice = """
        {
          "type": "heartbeat",
          "reason": "[This is an automated system message hidden from the user] ToolRuleViolated: You must call t_c at \
        least once to exit the loop.",
          "time": "1970-01-01 12:00:01 AM UTC+0000"
        }
        """

    @Test func leavingWithoutTheToolIsAnsweredWithANotice() {
        let turn = turn([required], [.say("try to leave"), .call("t_c"), .say("now leave")])
        #expect(turn.messages.map(\.role) == [.assistant, .user, .assistant, .tool, .assistant])
        #expect(turn.messages[1].text == notice)
        #expect(turn.entries[1].body == .user(.string(notice)))
        #expect(turn.entries[1].otid == nil)
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func theExitToolDoesNotGetAroundIt() {
        let rules = [required, ToolRule(tool: "t_a", .exitLoop)]
        let turn = turn(rules, [.call("t_a"), .call("t_c"), .call("t_a")])
        #expect(turn.messages.map(\.role) == [.assistant, .tool, .user, .assistant, .tool, .assistant, .tool])
        #expect(turn.end?.stop == .toolRule)
    }

    @Test func theStepsRunOutWithoutTheTool() {
        let turn = turn([required], [.say("one"), .say("two"), .say("three")], steps: 3)
        #expect(turn.messages.map(\.role) == [.assistant, .user, .assistant, .user, .assistant, .user])
        #expect(turn.end?.stop == .maxSteps)
    }

    @Test func anEmptyAnswerDoesNotGetAroundItEither() {
        let turn = turn([required], [ModelAnswer(), .call("t_c"), .say("x")])
        #expect(turn.messages.map(\.role) == [.user, .assistant, .tool, .assistant])
    }

    @Test func eachTurnBeginsWithAnEmptyHistory() {
        let rule = ToolRule(tool: "t_a", .maximumCount(1))
        #expect(turn([rule], [.call("t_a"), .say("x")]).runs.count == 1)
        #expect(turn([rule], [.call("t_a"), .say("x")]).runs.count == 1)
    }
}
