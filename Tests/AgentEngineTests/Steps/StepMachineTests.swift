import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// Whole turns: what the model answers, what the turn does with it, how it ends.
@Suite(.timeLimit(.minutes(2))) struct StepMachineTests {
    private func turn(_ plan: TurnPlan, _ answers: [ModelAnswer]) -> ScriptedTurn {
        var turn = ScriptedTurn(plan, answers)
        turn.run()
        return turn
    }

    private let add = TurnPlan.tools(["add", "boom"])

    @Test func anAnswerInTextEndsTheTurn() {
        let turn = turn(add, [.say("hello")])
        #expect(turn.log == ["call", "persist", "finish"])
        #expect(turn.modelCalls == [ModelCall(tools: ["add", "boom"], toolChoice: .auto, parallelToolCalls: false)])
        #expect(turn.messages.map(\.parts) == [[.text("hello")]])
        #expect(turn.messages[0].id == ScriptedTurn.identity(1).assistantMessageID)
        #expect(turn.messages[0].stepID == "step-1")
        #expect(turn.messages[0].createdAt == 1_000_000)
        #expect(turn.end?.stop == .endTurn)
        #expect(turn.records[0].end == turn.end)
        #expect(turn.entries.map(\.body) == [.assistant("hello")])
        #expect(turn.end?.usage.totalTokens == 11)
    }

    @Test func aToolCallLeadsToAnotherStep() {
        let turn = turn(add, [.call("add", #"{"a": 1}"#), .say("three")])
        #expect(turn.log == ["call", "run 0|1", "persist", "call", "persist", "finish"])
        #expect(turn.runs == [ToolRun(callID: "call-0", tool: "add", arguments: ["a": 1])])
        #expect(turn.messages.map(\.role) == [.assistant, .tool, .assistant])
        #expect(turn.messages[1].name == "add")
        #expect(turn.messages[1].createdAt == 1_000_005)
        #expect(turn.end?.stop == .endTurn)
        #expect(turn.end?.usage.stepCount == 2)
        #expect(turn.end?.usage.contextTokens == 11)
        #expect(turn.entries.map(\.messageType) == ["tool_call_message", "tool_return_message", "assistant_message"])
    }

    @Test func aFailedToolLeadsToAnotherStep() {
        var turn = ScriptedTurn(add, [.call("boom"), .say("it failed")])
        turn.outcome = { _ in ToolOutcome("ValueError: boom", succeeded: false, stdout: ["x"], stderr: ["y"]) }
        turn.run()
        #expect(turn.returns.map(\.succeeded) == [false])
        #expect(turn.returns.map(\.stderr) == [["y"]])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func anUnknownToolIsRefusedAndTheModelGoesOn() {
        let turn = turn(add, [.call("nope_tool", #"{"x": 1}"#), .say("no such tool")])
        #expect(turn.runs.isEmpty)
        #expect(
            turn.results == ["[ToolConstraintError] Cannot call nope_tool, valid tools include: ['add', 'boom']."])
        #expect(turn.returns[0].stderr == nil)
        #expect(turn.log == ["call", "persist", "call", "persist", "finish"])
    }

    @Test(arguments: [#"{"a": "#, "nonsense", "", "[1]", "null"])
    func argumentsThatAreNoObjectCountAsNone(_ arguments: String) {
        let turn = turn(add, [.call("add", arguments), .say("after garbage")])
        #expect(turn.runs.map(\.arguments) == [[:]])
        #expect(turn.messages[0].toolCalls.map(\.arguments) == ["{}"])
    }

    @Test func argumentsAreStoredAsTheModelWroteThem() {
        let turn = turn(add, [.call("add", #"{"b":1,   "a": 2}"#)])
        #expect(turn.messages[0].toolCalls.map(\.arguments) == [#"{"b":1,   "a": 2}"#])
    }

    @Test func textBesideACallIsStoredAndNotInTheAnswer() {
        let turn = turn(add, [.call("add", text: "I will add"), .say("done")])
        #expect(turn.messages[0].text == "I will add")
        #expect(turn.entries.map(\.messageType) == ["tool_call_message", "tool_return_message", "assistant_message"])
    }

    @Test func blankTextBesideACallIsDropped() {
        #expect(turn(add, [.call("add", text: "\n\n")]).messages[0].text == nil)
    }

    @Test func thoughtIsStoredBeforeTheText() {
        let turn = turn(add, [ModelAnswer(text: "answer", reasoning: "hm")])
        #expect(turn.messages[0].parts == [.reasoning(.init("hm")), .text("answer")])
        #expect(turn.entries.map(\.body) == [.reasoning("hm", signature: nil), .assistant("answer")])
    }

    @Test(arguments: [nil, ""])
    func anEmptyAnswerEndsTheTurnAndStoresNothing(_ text: String?) {
        let turn = turn(add, [ModelAnswer(text: text)])
        #expect(turn.messages.isEmpty)
        #expect(turn.end?.stop == .endTurn)
        #expect(turn.end?.usage.stepCount == 1)
    }

    @Test func anAnswerCutOffFailsTheTurnButIsKept() {
        let turn = turn(add, [ModelAnswer(text: "a long st", finishReason: .length)])
        #expect(turn.messages.map(\.text) == ["a long st"])
        #expect(turn.end?.stop == .maxTokensExceeded)
    }

    @Test func aCallInAnAnswerCutOffStillCounts() {
        let cut = ModelAnswer(
            toolCalls: [ModelToolCall(id: "c", name: "add", arguments: #"{"a"#)], finishReason: .length)
        let turn = turn(add, [cut, .say("ok")])
        #expect(turn.runs.map(\.arguments) == [[:]])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func `an answer that reached a limit of the server ends the turn, and its calls do not run`() {
        let stopped = ModelAnswer(
            text: "so far", toolCalls: [ModelToolCall(id: "c", name: "add", arguments: #"{"a": 1}"#)],
            finishReason: .limit)
        let turn = turn(add, [stopped, .say("not asked")])
        #expect(turn.runs.isEmpty && turn.modelCalls.count == 1)
        #expect(turn.messages.map(\.parts) == [[.text("so far")]])
        #expect(turn.end?.stop == .maxTokensExceeded)
    }

    // MARK: The number of steps

    @Test func theLastAllowedStepEndsTheTurn() {
        var plan = add
        plan.maximumSteps = 2
        let turn = turn(plan, [.call("add"), .call("add"), .call("add")])
        #expect(turn.runs.count == 2)
        #expect(turn.end?.stop == .maxSteps)
        #expect(turn.records[1].end?.stop == .maxSteps)
    }

    @Test(arguments: [0, -3])
    func withoutStepsTheModelIsNotCalled(_ steps: Int) {
        var plan = add
        plan.maximumSteps = steps
        let turn = turn(plan, [])
        #expect(turn.log == ["finish"])
        #expect(turn.end == TurnEnd(stop: .endTurn, usage: TurnUsage(), failure: nil))
    }

    // MARK: Several calls

    @Test func withoutParallelCallsOnlyTheFirstCounts() {
        let turn = turn(add, [.calls([("add", #"{"a": 1}"#), ("boom", "{}")]), .say("done")])
        #expect(turn.runs.map(\.tool) == ["add"])
        #expect(turn.messages[0].toolCalls.map(\.name) == ["add"])
    }

    @Test func parallelCallsBecomeOneMessageOfResultsInTheOrderOfTheCalls() {
        var plan = add
        plan.tools.append(TurnTool(name: "search", canRunInParallel: true))
        plan.allowsParallelCalls = true
        let turn = turn(plan, [.calls([("add", "{}"), ("search", "{}"), ("nope", "{}"), ("boom", "{}")]), .say("ok")])
        #expect(turn.modelCalls.map(\.parallelToolCalls) == [true, true])
        #expect(turn.log == ["call", "run 1|2", "persist", "call", "persist", "finish"])
        #expect(turn.runs.map(\.tool) == ["search", "add", "boom"])
        #expect(turn.messages.map(\.role) == [.assistant, .tool, .assistant])
        #expect(turn.returns.map(\.callID) == ["call-0", "call-1", "call-2", "call-3"])
        #expect(turn.returns.map(\.succeeded) == [true, true, false, true])
    }

    @Test func rulesForbidParallelCallsButThoseOnApprovalDoNot() {
        var plan = TurnPlan.tools(["add"], rules: [ToolRule(tool: "add", .continueLoop)])
        plan.allowsParallelCalls = true
        #expect(!plan.acceptsParallelCalls)
        plan.rules = [ToolRule(tool: "add", .requiresApproval)]
        #expect(plan.acceptsParallelCalls)
    }

    @Test func callsGetIdsThatDifferEvenWhenCut() {
        var plan = add
        plan.allowsParallelCalls = true
        let long = String(repeating: "x", count: 29)
        let calls = ["", "", "\(long)1", "\(long)2"].map { ModelToolCall(id: $0, name: "add", arguments: "{}") }
        let turn = turn(plan, [ModelAnswer(toolCalls: calls), .say("ok")])
        let ids = turn.messages[0].toolCalls.map(\.id)
        #expect(Set(ids.map { $0.prefix(29) }).count == 4)
        #expect(ids[2] == "\(long)1")
        #expect(turn.returns.map(\.callID) == ids)
    }

    // MARK: Tools and memory

    @Test func callsWithOutsideEffectsAreStoredBeforeTheyRun() {
        var plan = add
        plan.tools[0].hasOutsideEffects = true
        let turn = turn(plan, [.call("add"), .call("boom"), .say("ok")])
        #expect(
            turn.log == [
                "call", "store", "run 0|1", "persist", "call", "run 0|1", "persist", "call", "persist", "finish",
            ])
        #expect(turn.records.map(\.callsAreStored) == [true, false, false])
    }

    @Test func longResultsAreCut() {
        var plan = add
        plan.tools[0].returnLimit = 3
        var turn = ScriptedTurn(plan, [.call("add"), .call("boom")])
        turn.outcome = { _ in ToolOutcome("123456") }
        turn.run()
        #expect(
            turn.results == [
                "123... [NOTE: function output was truncated since it exceeded the character limit (6 > 3)]", "123456",
            ])
    }

    @Test func kindsThatOnlyActThroughToolsMustCallOne() {
        var plan = add
        plan.alwaysCallsTools = true
        #expect(turn(plan, [.say("x")]).modelCalls.map(\.toolChoice) == [.required])
    }

    // MARK: Consent

    @Test func aCallThatNeedsConsentEndsTheTurn() {
        var plan = TurnPlan.tools(["add", "boom"], rules: [ToolRule(tool: "boom", .requiresApproval)])
        plan.allowsParallelCalls = true
        let turn = turn(plan, [.calls([("add", "{}"), ("boom", "{}")])])
        #expect(turn.runs.isEmpty)
        #expect(turn.end?.stop == .requiresApproval)
        #expect(turn.messages.map(\.role) == [.assistant])
        #expect(turn.entries.map(\.messageType) == ["tool_call_message", "approval_request_message"])
    }

    @Test func aRefusedCallNeedsNoConsent() {
        var plan = TurnPlan.tools(["add"], rules: [ToolRule(tool: "nope", .requiresApproval)])
        plan.tools[0].needsApproval = true
        let turn = turn(plan, [.call("nope"), .call("add")])
        #expect(turn.log == ["call", "persist", "call", "persist", "finish"])
        #expect(turn.returns.map(\.succeeded) == [false])
        #expect(turn.end?.stop == .requiresApproval)
    }

    @Test func afterTheDecisionTheTurnGoesOn() {
        let plan = TurnPlan.tools(["add", "boom"])
        let calls: [TurnMessage.ToolCall] = [
            .init(id: "1", name: "add", arguments: "{}"),
            .init(id: "2", name: "boom", arguments: #"{"a": 1}"#, needsApproval: true),
            .init(id: "3", name: "boom", arguments: "{}", needsApproval: true),
            .init(id: "4", name: "boom", arguments: "{}", needsApproval: true),
        ]
        let pending = TurnMessage(
            id: "message-0", role: .assistant, parts: calls.map { .toolCall($0) }, createdAt: 0)
        var turn = ScriptedTurn(plan, [.say("done")])
        turn.resume(
            pending, [.init(callID: "2", approves: true), .init(callID: "3", approves: false, reason: "too much")])
        #expect(turn.log == ["run 0|2", "persist", "call", "persist", "finish"])
        #expect(turn.runs.map(\.callID) == ["1", "2"])
        #expect(turn.messages.map(\.role) == [.tool, .assistant])
        #expect(
            turn.results == [
                "Error: request to call tool denied. User reason: too much",
                "Error: request to call tool denied.", #"{"a":1}"#, "{}",
            ])
        #expect(turn.entries.map(\.messageType) == ["tool_return_message", "assistant_message"])
    }

    @Test func aClientsResultCountsForTheRules() {
        var plan = TurnPlan.tools(["mine"], rules: [ToolRule(tool: "mine", .exitLoop)])
        plan.tools[0].needsApproval = true
        plan.tools[0].runsAtClient = true
        let call = TurnMessage.ToolCall(id: "1", name: "mine", arguments: "{}", needsApproval: true)
        let pending = TurnMessage(id: "message-0", role: .assistant, parts: [.toolCall(call)], createdAt: 0)
        let given = TurnMessage.ToolReturn(callID: "1", result: "r", succeeded: true)
        var turn = ScriptedTurn(plan, [.say("never")])
        turn.resume(pending, [.init(callID: "1", approves: true, toolReturn: given)])
        #expect(turn.runs.isEmpty && turn.end?.stop == .toolRule)
        var approved = ScriptedTurn(plan, [.say("done")])
        approved.resume(pending, [.init(callID: "1", approves: true)])
        #expect(approved.runs.isEmpty && approved.results.first?.hasPrefix("Error: the client runs mine") == true)
    }
}
