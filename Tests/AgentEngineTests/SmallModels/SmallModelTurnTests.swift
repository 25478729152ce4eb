import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// A turn with a model that is too small for long prompts and lists of tools.
@Suite(.timeLimit(.minutes(2))) struct SmallModelTurnTests {
    private static let human = MemoryBlock(label: "human", value: "Name: Ann", limit: 1_000)
    private static let rules = MemoryBlock(label: "rules", value: "", limit: 1_000, readOnly: true)
    private static let note = ModelAnswer.say(#"{"label": "human", "content": "The user's cat is called Ada."}"#)

    private func plan(
        _ text: String, tools: [String] = ["conversation_search", "memory_insert"],
        calls: ModelTraits.ToolCalls = .maybeText
    ) -> TurnPlan {
        var plan = TurnPlan.tools(tools)
        plan.traits = ModelTraits(toolCalls: calls, isSmall: true)
        plan.smallModel = SmallModelPlan(userText: text, blocks: [Self.human, Self.rules])
        return plan
    }

    private func turn(_ plan: TurnPlan, _ answers: ModelAnswer...) -> ScriptedTurn {
        var turn = ScriptedTurn(plan, answers)
        turn.run()
        return turn
    }

    @Test func whatTheUserWantsRememberedBecomesACallAndThenAnAnswer() {
        let turn = turn(plan("Please remember that my cat is called Ada."), Self.note, .say("I will."))
        #expect(turn.modelCalls.map(\.form) == [.note, .usual])
        #expect(turn.modelCalls.allSatisfy { $0.tools.isEmpty })
        #expect(turn.runs.map(\.tool) == ["memory_insert"])
        #expect(turn.runs[0].arguments == ["label": "human", "new_string": "The user's cat is called Ada."])
        #expect(turn.entries.map(\.messageType) == ["tool_call_message", "tool_return_message", "assistant_message"])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func theOlderToolTakesTheNoteWhereItIsTheOneThereIs() {
        let turn = turn(plan("Remember my cat.", tools: ["core_memory_append"]), Self.note, .say("I will."))
        #expect(turn.runs.map(\.tool) == ["core_memory_append"])
        #expect(turn.runs[0].arguments["content"] == "The user's cat is called Ada.")
    }

    @Test func aGreetingIsAnsweredWithoutTools() {
        let turn = turn(plan("Hello!"), .say("Hi."))
        #expect(turn.modelCalls == [ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false)])
        #expect(turn.messages.map(\.text) == ["Hi."])
    }

    static let useless = [
        "no JSON", #"{"label": "rules", "content": "x"}"#, #"{"label": "other", "content": "x"}"#,
        #"{"label": "human", "content": " "}"#, #"{"label": "human", "content": "Name: Ann"}"#, #"{"label": "human"}"#,
    ]

    @Test(arguments: useless)
    func aNoteThatIsNoneIsPassedOver(_ answer: String) {
        let turn = turn(plan("Remember that."), .say(answer), .say("All right."))
        #expect(turn.runs.isEmpty)
        #expect(turn.messages.map(\.text) == ["All right."])
        #expect(turn.end?.usage.stepCount == 2)
    }

    @Test func noNoteIsWrittenWhereNothingCanBeWrittenOrNoStepIsLeft() {
        let withoutTool = turn(plan("Remember my cat.", tools: ["conversation_search"]), .say("Hm."))
        #expect(withoutTool.modelCalls.map(\.form) == [.usual])
        var readOnly = plan("Remember my cat.")
        readOnly.smallModel?.blocks = [Self.rules]
        #expect(turn(readOnly, .say("Hm.")).modelCalls.map(\.form) == [.usual])
        var short = plan("Remember my cat.")
        short.maximumSteps = 1
        #expect(turn(short, .say("Hm.")).modelCalls.map(\.form) == [.usual])
    }

    @Test func toolsOfItsOwnAreOfferedOnce() {
        let turn = turn(
            plan("What is the weather?", tools: ["memory_insert", "weather"]),
            .say(#"{"name": "weather", "arguments": {"city": "Porto"}}"#), .say("Sunny."))
        #expect(turn.modelCalls.map(\.tools) == [["weather"], []])
        #expect(turn.runs.map(\.tool) == ["weather"])
        #expect(turn.messages.last?.text == "Sunny.")
    }

    @Test func aModelWithoutToolsGetsNone() {
        let turn = turn(plan("Weather?", tools: ["weather"], calls: .none), .say("I can't tell."))
        #expect(turn.modelCalls.map(\.tools) == [[]])
    }

    @Test func aForcedCallIsWrittenInAForm() {
        var plan = plan("Hello.", tools: ["weather"])
        plan.rules = [ToolRule(tool: "weather", .runFirst(arguments: nil))]
        let turn = turn(plan, .say(#"{"name": "weather", "arguments": {"city": "Porto"}}"#), .say("Sunny."))
        #expect(turn.modelCalls.map(\.form) == [.call, .usual])
        #expect(turn.runs.map(\.arguments) == [["city": "Porto"]])
    }

    @Test func aLargeModelThatMayIgnoreADemandWritesTheCallInAFormToo() {
        var plan = TurnPlan.tools(["weather"], rules: [ToolRule(tool: "weather", .runFirst(arguments: nil))])
        #expect(turn(plan, .call("weather"), .say("Sunny.")).modelCalls.map(\.form) == [.usual, .usual])
        plan.traits.toolCalls = .maybeText
        #expect(turn(plan, .call("weather"), .say("Sunny.")).modelCalls.map(\.form) == [.call, .usual])
    }

    @Test func nothingOfANoteIsShownAsText() {
        var plan = plan("Remember my cat.")
        plan.streamsTokens = true
        var machine = StepMachine(plan)
        _ = machine.receive(.start(ScriptedTurn.identity(1)))
        #expect(machine.receive(.modelDelta(.text("Well, {"))).isEmpty)
        let actions = machine.receive(.modelFinished(.say("no note")))
        guard case .persistStep(let record)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(record.messages.isEmpty)
    }
}
