import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// When a turn of the heartbeat loop goes on, when it ends, and what clients see of it.
@Suite(.timeLimit(.minutes(2))) struct HeartbeatLoopTests {
    private static let exit = ToolRule(tool: "send_message", .exitLoop)

    private func plan(_ rules: [ToolRule] = [exit], change: (inout TurnPlan) -> Void = { _ in }) -> TurnPlan {
        var plan = TurnPlan.tools(["add", "sub", "send_message"], rules: rules)
        plan.loop = .heartbeat
        plan.thinksInArguments = true
        change(&plan)
        return plan
    }

    private func turn(_ plan: TurnPlan, _ answers: ModelAnswer..., fails: [String] = []) -> ScriptedTurn {
        var turn = ScriptedTurn(plan, answers)
        turn.outcome = { run in
            fails.contains(run.tool) ? ToolOutcome("broken", succeeded: false) : ToolOutcome("fine")
        }
        turn.run()
        return turn
    }

    private static func speak(_ text: String, heartbeat: String = "") -> ModelAnswer {
        .call("send_message", #"{"thinking": "hm", "message": "\#(text)"\#(heartbeat)}"#)
    }

    private func heartbeats(_ turn: ScriptedTurn) -> [String] {
        turn.messages.filter { $0.role == .user }.compactMap(\.text).map { text in
            let reason = (try? JSONParser().parse(text))?["reason"]?.string ?? ""
            return String(reason.dropFirst("[This is an automated system message hidden from the user] ".count))
        }
    }

    @Test func `a message is shown as said, with its thought and without its result`() {
        let turn = turn(plan(), Self.speak("Hi"))
        #expect(turn.entries.map(\.body) == [.thought("hm"), .speech("Hi")])
        #expect(turn.end?.stop == .endTurn)
        #expect(turn.runs.map(\.arguments.keys) == [["message"]], "the tool sees neither thought nor heartbeat")
        #expect(turn.modelCalls.map(\.toolChoice) == [.required])
        #expect(!turn.modelCalls[0].parallelToolCalls)
        let stored = turn.messages[0]
        #expect(stored.thought == "hm")
        #expect(stored.toolCalls[0].arguments == #"{"message": "Hi", "request_heartbeat": false}"#)
        #expect(WireMessage.entries(of: stored, for: .list).map(\.body) == [.thought("hm"), .speech("Hi")])
    }

    @Test func `clients may see the call instead, or name other tools`() {
        let calls = turn(plan { $0.speech = nil }, Self.speak("Hi"))
        #expect(calls.entries.map(\.messageType) == ["reasoning_message", "tool_call_message", "tool_return_message"])
        let other = turn(
            plan { $0.speech = SpeechTool(name: "add", argument: "text") },
            .call("add", #"{"text": "one", "request_heartbeat": true}"#), Self.speak("Hi"))
        #expect(
            other.entries.map(\.messageType) == [
                "assistant_message", "reasoning_message", "tool_call_message", "tool_return_message",
            ])
    }

    @Test func `a message without a text is shown as the call that it was`() {
        let turn = turn(plan(), .call("send_message", "{}"), Self.speak("Hi"), fails: ["send_message"])
        #expect(turn.entries.map(\.messageType).prefix(2) == ["tool_call_message", "tool_return_message"])
        #expect(heartbeats(turn).first == "Function call failed, returning control", "nothing was said yet")
    }

    @Test func `the call's heartbeat decides`() {
        let on = turn(plan(), .call("add", #"{"request_heartbeat": true}"#), Self.speak("Hi"))
        #expect(heartbeats(on) == ["Function called using request_heartbeat=true, returning control"])
        #expect(on.end?.stop == .endTurn && on.end?.usage.stepCount == 2)
        #expect(!on.entries.contains { $0.messageType == "user_message" })
        let off = turn(plan(), .call("add", #"{"request_heartbeat": false}"#))
        #expect(off.end?.stop == .endTurn && off.end?.usage.stepCount == 1)
        #expect(turn(plan(), .call("add")).end?.usage.stepCount == 1, "none asked for is none")
    }

    @Test func `rules come before the heartbeat`() {
        let goOn = turn(plan([Self.exit, .init(tool: "add", .continueLoop)]), .call("add"), Self.speak("Hi"))
        #expect(heartbeats(goOn) == ["Continuing: continue tool rule."])
        let children = ToolRule(tool: "add", .constrainChildren(children: ["sub"], arguments: nil))
        let child = turn(plan([Self.exit, children]), .call("add"), .call("sub"))
        #expect(heartbeats(child) == ["Continuing: child tool rule."])
        #expect(child.modelCalls.map(\.toolChoice) == [.required, .one("sub")])
        let asked = turn(plan(), Self.speak("Hi", heartbeat: #", "request_heartbeat": true"#))
        #expect(asked.end?.stop == .toolRule && asked.end?.usage.stepCount == 1)
        let refused = turn(plan([.init(tool: "add", .runFirst(arguments: nil))]), Self.speak("Hi"), .call("add"))
        #expect(heartbeats(refused) == ["Continuing: tool rule violation."])
        #expect(refused.runs.map(\.tool) == ["add"])
    }

    @Test func `the end waits for a required tool`() {
        let turn = turn(
            plan([Self.exit, .init(tool: "add", .requiredBeforeExit)]), Self.speak("Hi"),
            .call("add", #"{"request_heartbeat": true}"#), Self.speak("Bye"))
        #expect(heartbeats(turn).first == "ToolRuleViolated: You must call add at least once to exit the loop.")
        #expect(turn.end?.usage.stepCount == 3 && turn.end?.stop == .endTurn)
    }

    @Test func `a tool may be called as often as its rule says`() {
        let ask = ModelAnswer.call("add", #"{"request_heartbeat": true}"#)
        let turn = turn(plan([Self.exit, .init(tool: "add", .maximumCount(2))]), ask, ask, ask, Self.speak("Hi"))
        #expect(turn.runs.map(\.tool) == ["add", "add", "send_message"])
        #expect(turn.results[2].hasPrefix("[ToolConstraintError] Cannot call add"))
    }

    @Test func `arguments set by a rule override the model's`() {
        let turn = turn(
            plan([.init(tool: "add", .runFirst(arguments: ["a": 5]))]),
            .call("add", #"{"thinking": "x", "a": 1, "request_heartbeat": false}"#))
        #expect(turn.runs.map(\.arguments) == [["a": 5]])
    }

    @Test func `arguments that are no JSON are a failed call`() {
        let turn = turn(plan(), .call("add", #"{"a": 1"#), Self.speak("Hi"))
        #expect(turn.runs.map(\.tool) == ["send_message"])
        #expect(turn.returns[0].succeeded == false && turn.results[0].contains("not a JSON object"))
        #expect(heartbeats(turn) == ["Function call failed, returning control"])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func `text ends the turn as a message`() {
        let turn = turn(plan(), .say("plain"))
        #expect(turn.entries.map(\.body) == [.assistant("plain")])
        #expect(turn.end?.stop == .endTurn)
        var react = TurnPlan.tools(["add"])
        react.loop = .heartbeat
        let answered = self.turn(react, .say("plain"))
        #expect(answered.modelCalls.map(\.toolChoice) == [.auto], "no tool could say it")
        #expect(answered.entries.map(\.body) == [.assistant("plain")])
    }

    @Test func `without the argument the text beside a call is the thought`() {
        let turn = turn(plan { $0.thinksInArguments = false }, .call("send_message", #"{"message": "Hi"}"#, text: "hm"))
        #expect(turn.entries.map(\.body) == [.thought("hm"), .speech("Hi")])
    }

    @Test func `the last step ends a turn that would go on`() {
        let turn = turn(plan { $0.maximumSteps = 1 }, .call("add", #"{"request_heartbeat": true}"#))
        #expect(turn.end?.stop == .maxSteps && turn.end?.usage.stepCount == 1)
        #expect(heartbeats(turn).count == 1, "the model reads it in the next turn")
        #expect(self.turn(plan { $0.maximumSteps = 1 }, Self.speak("Hi")).end?.stop == .endTurn)
    }

    @Test func `one call is taken, the others are dropped`() {
        let turn = turn(plan { $0.allowsParallelCalls = true }, .calls([("add", "{}"), ("sub", "{}")]))
        #expect(turn.runs.map(\.tool) == ["add"])
    }

    @Test func `an approved call goes on as it asked for`() {
        let plan = plan([Self.exit, .init(tool: "add", .requiresApproval)])
        let asking = turn(plan, .call("add", #"{"thinking": "hm", "a": 1, "request_heartbeat": true}"#))
        #expect(asking.end?.stop == .requiresApproval)
        #expect(asking.entries.map(\.messageType) == ["reasoning_message", "approval_request_message"])
        var approved = ScriptedTurn(plan, [Self.speak("Hi")])
        approved.resume(asking.messages[0], [.init(callID: "call-0", approves: true)])
        #expect(approved.runs.first?.arguments == ["a": 1])
        #expect(heartbeats(approved) == ["Function called using request_heartbeat=true, returning control"])
        #expect(approved.end?.stop == .endTurn)
    }

    // MARK: History

    @Test func `thoughts are sent where the agent's settings have them`() {
        let said = turn(plan(), Self.speak("Hi"))
        let own = ModelMessage.messages(for: said.messages, zone: "UTC", thoughtsInArguments: true)
        guard case .assistant(nil, _, _, let calls) = own[0] else { return #expect(Bool(false), "\(own)") }
        #expect(calls[0].arguments.hasPrefix("{\n  \"thinking\": \"hm\",\n  \"message\": \"Hi\""))
        let other = ModelMessage.messages(for: said.messages, zone: "UTC")
        guard case .assistant("hm", _, _, let plain) = other[0] else { return #expect(Bool(false), "\(other)") }
        #expect(plain[0].arguments == #"{"message": "Hi", "request_heartbeat": false}"#)
    }

    @Test func `what one loop stored reads the same after any reading back`() throws {
        let turn = turn(plan(), Self.speak("Hi"))
        for message in turn.messages {
            var read = message
            read.parts = message.parts.compactMap { TurnMessage.Part(json: $0.json) }
            #expect(read == message)
        }
        let call = TurnMessage(
            id: "message-1", role: .assistant,
            parts: [.toolCall(.init(id: "1", name: "send_message", arguments: #"{"message": "Hi"}"#))], createdAt: 0)
        #expect(
            WireMessage.entries(of: call, for: .list).map(\.messageType) == ["tool_call_message"],
            "a call of the other loop is a call")
    }

    @Test func `agents that think in arguments show it in the other loop too`() {
        var plan = TurnPlan.tools(["add", "done"], rules: [.init(tool: "done", .exitLoop)])
        plan.thinksInArguments = true
        plan.alwaysCallsTools = true
        let turn = turn(plan, .call("add", #"{"thinking": "hm", "a": 1}"#), .call("done", #"{"thinking": "hm"}"#))
        #expect(
            turn.entries.map(\.messageType) == [
                "reasoning_message", "tool_call_message", "tool_return_message", "reasoning_message",
                "tool_call_message", "tool_return_message",
            ])
        #expect(turn.runs.map(\.arguments) == [["a": 1], [:]])
        #expect(turn.end?.stop == .toolRule)
    }
}
