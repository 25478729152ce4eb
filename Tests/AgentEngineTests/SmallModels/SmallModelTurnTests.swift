import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// A turn with a model that is too small for long prompts and lists of tools.
@Suite(.timeLimit(.minutes(2))) struct SmallModelTurnTests {
    private static let human = MemoryBlock(label: "human", value: "Name: Ann", limit: 1_000)
    private static let rules = MemoryBlock(label: "rules", value: "", limit: 1_000, readOnly: true)
    private static let persona = MemoryBlock(label: "persona", value: "", limit: 1_000)

    private func block(_ label: String, _ value: String) -> MemoryBlock {
        MemoryBlock(label: label, value: value, limit: 1_000)
    }

    private func smallPlan(
        _ text: String, _ blocks: [MemoryBlock], _ recalled: RecalledTexts = RecalledTexts()
    ) -> SmallModelPlan {
        SmallModelPlan(
            userText: text, blocks: blocks, tools: ["memory_insert", "memory_replace"], recalled: recalled)
    }

    private func plan(_ text: String, _ blocks: [MemoryBlock]) -> TurnPlan {
        var plan = plan(text)
        plan.smallModel = smallPlan(text, blocks)
        return plan
    }

    private func plan(
        _ text: String, tools: [String] = ["conversation_search", "memory_insert", "memory_replace"],
        calls: ModelTraits.ToolCalls = .maybeText
    ) -> TurnPlan {
        var plan = TurnPlan.tools(tools)
        plan.traits = ModelTraits(toolCalls: calls, isSmall: true)
        plan.smallModel = SmallModelPlan(
            userText: text, blocks: [Self.human, Self.persona, Self.rules], tools: tools)
        return plan
    }

    private func turn(_ plan: TurnPlan, _ answers: ModelAnswer...) -> ScriptedTurn {
        var turn = ScriptedTurn(plan, answers)
        turn.run()
        return turn
    }

    @Test func whatTheUserWantsRememberedIsWrittenWithoutTheModelAndThenAnswered() {
        let turn = turn(plan("Please remember that my cat is called Ada."), .say("I will."))
        #expect(turn.modelCalls.map(\.tools) == [[]])
        #expect(turn.runs.map(\.tool) == ["memory_insert"])
        #expect(turn.runs[0].arguments == ["label": "human", "new_string": "The user's cat is called Ada."])
        #expect(turn.entries.map(\.messageType) == ["tool_call_message", "tool_return_message", "assistant_message"])
        #expect(turn.records[0].usage == nil && turn.end?.stop == .endTurn)
    }

    @Test func severalChangesAreOneStep() {
        let turn = turn(plan("My cat is called Ada. From now on your name is Milo."), .say("Hello."))
        #expect(turn.runs.map { $0.arguments["label"] } == ["human", "persona"])
        #expect(turn.records.count == 2 && turn.modelCalls.count == 1)
    }

    @Test func theOlderToolTakesTheNoteWhereItIsTheOneThereIs() {
        let turn = turn(plan("Remember my cat is called Ada.", tools: ["core_memory_append"]), .say("I will."))
        #expect(turn.runs.map(\.tool) == ["core_memory_append"])
        #expect(turn.runs[0].arguments["content"] == "The user's cat is called Ada.")
    }

    @Test func aCorrectionReplacesWhatItCorrects() {
        var plan = plan("Actually, my name is Anna.")
        plan.smallModel = smallPlan("Actually, my name is Anna.", [block("human", "The user's name is Ann.")])
        let turn = turn(plan, .say("Hello, Anna."))
        #expect(
            turn.runs.map(\.arguments) == [
                ["label": "human", "old_string": "The user's name is Ann.", "new_string": "The user's name is Anna."]
            ])
    }

    @Test func aGreetingIsAnsweredWithoutTools() {
        let turn = turn(plan("Hello!"), .say("Hi."))
        #expect(turn.modelCalls == [ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false)])
        #expect(turn.messages.map(\.text) == ["Hi."])
    }

    @Test func nothingIsWrittenWhereNothingCanBeWrittenOrNoStepIsLeft() {
        let withoutTool = turn(plan("Remember my cat is Ada.", tools: ["conversation_search"]), .say("Hm."))
        #expect(withoutTool.runs.isEmpty && withoutTool.modelCalls.count == 1)
        var readOnly = plan("Remember my cat is Ada.")
        readOnly.smallModel = smallPlan("Remember my cat is Ada.", [Self.rules])
        #expect(turn(readOnly, .say("Hm.")).runs.isEmpty)
        var short = plan("Remember my cat is Ada.")
        short.maximumSteps = 1
        #expect(turn(short, .say("Hm.")).runs.isEmpty)
    }

    // MARK: Claims

    @Test func aClaimOfAnActThatNobodyDidIsNotSaid() {
        let turn = turn(plan("Hello!"), .say("Hi. I have added milk to your list. How are you?"))
        #expect(turn.messages.map(\.text) == ["Hi. How are you?"])
    }

    @Test func aClaimOfAnActThatWasDoneIsSaid() {
        let turn = turn(plan("My cat is called Ada."), .say("I've noted that your cat is called Ada."))
        #expect(turn.messages.last?.text == "I've noted that your cat is called Ada.")
    }

    @Test func aRequestThatNoToolCanDoIsRefused() {
        let turn = turn(plan("Turn off my light."), .say("The light is turned off."))
        #expect(turn.messages.map(\.text) == ["I can't turn off your light: I have no tool for it."])
    }

    // MARK: Questions

    @Test func anInventedAnswerGivesWayToWhatIsKnown() {
        let blocks = [block("human", "The user's rent is 840 euros.")]
        let wrong = turn(plan("How much is my rent?", blocks), .say("Your rent is 900 euros."))
        #expect(wrong.messages.map(\.text) == ["Your rent is 840 euros."])
        let right = turn(plan("How much is my rent?", blocks), .say("You pay 840 euros."))
        #expect(right.messages.map(\.text) == ["You pay 840 euros."])
    }

    @Test func theModelDoesNotSpeakAsTheUser() {
        let blocks = [block("human", "The user lives in Porto.")]
        #expect(
            turn(plan("Where do I live?", blocks), .say("I live in Porto.")).messages.map(\.text) == [
                "You live in Porto."
            ])
        #expect(
            turn(plan("I live in Porto."), .say("I live in Porto.")).messages.last?.text
                == "I have noted: You live in Porto.")
    }

    @Test func aBlockThatThePersonWroteIsNotReadOutAsTheAgents() {
        let blocks = [block("human", "My name is Ann. I have a cat called Miez. She was born in 2019.")]
        let name = plan("What is my name?", blocks)
        #expect(name.smallModel?.hint == "From your memory: The user's name is Ann.")
        #expect(turn(name, .say("My name is Ann.")).messages.map(\.text) == ["Your name is Ann."])
        let born = turn(plan("When was my cat born?", blocks), .say("In 1999."))
        #expect(born.messages.map(\.text) == ["You have a cat called Miez. She was born in 2019."])
        #expect(turn(name, .say("Your name is Ann.")).messages.map(\.text) == ["Your name is Ann."])
        let changed = turn(plan("My name is Anna.", blocks), .say("Hello, Anna."))
        #expect(changed.runs.map { $0.arguments["old_string"] } == ["My name is Ann."])
    }

    @Test func whatIsPutBeforeTheModelIsNotShownToTheUser() {
        let leak = "You have just done this in your memory: I have noted: Your cat is called Miez."
        let told = turn(plan("My cat is called Miez. Please remember that."), .say("Hello. [\(leak)]"))
        #expect(told.messages.last?.text == "Hello. I have noted: Your cat is called Miez.")
        #expect(
            turn(plan("My cat is called Miez."), .say("you have just done this in your memory:")).messages.last?.text
                == "I have noted: Your cat is called Miez.")
        let blocks = [block("human", "The user's rent is 840 euros.")]
        let known = turn(plan("How much is my rent?", blocks), .say("From your memory: Your rent is 840 euros."))
        #expect(known.messages.map(\.text) == ["Your rent is 840 euros."])
        let unknown = turn(
            plan("What is my blood type?"), .say("Your memory has nothing on this. Say that you do not know it."))
        #expect(unknown.messages.map(\.text) == ["I don't know your blood type: you haven't told me."])
        let refused = turn(plan("Turn off my light."), .say("You have no tool for this."))
        #expect(refused.messages.map(\.text) == ["I can't turn off your light: I have no tool for it."])
    }

    @Test func whatArchivalMemoryHasIsAnswered() {
        var recalled = RecalledTexts()
        recalled.passages = ["The gate closes at nine.", "The code of the bike lock is 4711."]
        var plan = plan("What is the code of my bike lock?")
        plan.smallModel = smallPlan("What is the code of my bike lock?", [Self.human], recalled)
        #expect(plan.smallModel?.hint == "From your memory: The code of the bike lock is 4711.")
        #expect(turn(plan, .say("It is 1234.")).messages.map(\.text) == ["The code of the bike lock is 4711."])
    }

    @Test func whatIsNotKnownIsSaidToBeNotKnown() {
        #expect(
            turn(plan("What is my blood type?"), .say("Your blood type is O.")).messages.map(\.text) == [
                "I don't know your blood type: you haven't told me."
            ])
        let honest = "I do not know your blood type."
        #expect(turn(plan("What is my blood type?"), .say(honest)).messages.map(\.text) == [honest])
    }

    @Test func aQuestionOfTheWorldIsLeftToTheModel() {
        let answer = "Paris is the capital of France."
        #expect(turn(plan("What is the capital of France?"), .say(answer)).messages.map(\.text) == [answer])
    }

    @Test func theSameSentenceIsNotSaidAgain() {
        let said = TurnMessage(
            id: "message-1", role: .assistant, parts: [.text("Hi. How can I help you today?")], createdAt: 0)
        var plan = plan("Good evening!")
        plan.smallModel = SmallModelPlan(userText: "Good evening!", blocks: [Self.human], earlier: [said])
        #expect(turn(plan, .say("Good evening! How can I help you today?")).messages.map(\.text) == ["Good evening!"])
    }

    @Test func whatIsStreamedIsWhatIsStored() {
        let text = "Hi there, Ann. I've sent the mail. How are you? How are you? Fine"
        for size in [1, 3, 7, 100] {
            var plan = plan("Hello!")
            plan.streamsTokens = true
            var machine = StepMachine(plan)
            _ = machine.receive(.start(ScriptedTurn.identity(1)))
            var rest = text[...]
            var actions: [StepAction] = []
            while !rest.isEmpty {
                actions += machine.receive(.modelDelta(.text(String(rest.prefix(size)))))
                rest = rest.dropFirst(size)
            }
            actions += machine.receive(.modelFinished(.say(text)))
            var shown = ""
            var stored: [String?] = []
            for action in actions {
                if case .emit(.message(let entry)) = action, case .assistant(let piece) = entry.body { shown += piece }
                if case .persistStep(let record) = action { stored = record.messages.map(\.text) }
            }
            #expect(stored == [shown] && shown == "Hi there, Ann. How are you? How are you? Fine")
        }
    }

    // MARK: Tools

    @Test func aRequestThatAToolCanDoHasToBeACall() {
        let turn = turn(
            plan("Please set a timer for the tea.", tools: ["memory_insert", "set_timer", "weather"]),
            .say(#"{"name": "set_timer", "arguments": {"label": "tea"}}"#), .say("I have set the timer."))
        #expect(turn.modelCalls.map(\.form) == [.call, .usual])
        #expect(turn.modelCalls.map(\.tools) == [["set_timer"], []])
        #expect(turn.messages.last?.text == "I have set the timer.")
    }

    @Test func aCallThatIsStreamedHasNoTextOfTheServers() {
        var plan = plan("What is the weather?", tools: ["weather"])
        plan.streamsTokens = true
        var machine = StepMachine(plan)
        _ = machine.receive(.start(ScriptedTurn.identity(1)))
        let actions = machine.receive(.modelFinished(.call("weather")))
        #expect(!actions.contains { if case .emit = $0 { true } else { false } })
    }

    @Test func toolsThatTheMemoryMakesNeedlessAreNotOffered() {
        let blocks = [block("human", "The user's rent is 840 euros.")]
        var plan = plan("How much is my rent?", tools: ["memory_insert", "weather"])
        plan.smallModel = SmallModelPlan(
            userText: "How much is my rent?", blocks: blocks, tools: ["memory_insert", "weather"])
        #expect(turn(plan, .say("It is 840 euros.")).modelCalls.map(\.tools) == [[]])
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
}
