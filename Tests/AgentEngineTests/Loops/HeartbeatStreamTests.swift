import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// The pieces that clients see of an answer in the heartbeat loop.
@Suite(.timeLimit(.minutes(2))) struct HeartbeatStreamTests {
    private func plan(_ change: (inout TurnPlan) -> Void = { _ in }) -> TurnPlan {
        var plan = TurnPlan.tools(["add", "send_message"], rules: [.init(tool: "send_message", .exitLoop)])
        plan.loop = .heartbeat
        plan.thinksInArguments = true
        plan.streamsTokens = true
        change(&plan)
        return plan
    }

    private func entries(_ actions: [StepAction]) -> [WireMessage] {
        actions.compactMap { if case .emit(.message(let entry)) = $0 { entry } else { nil } }
    }

    /// The pieces of an answer, and the entries that follow once the step is stored.
    private func show(
        _ tool: String, _ arguments: [String], text: String? = nil, _ plan: TurnPlan
    ) -> (pieces: [WireMessage], later: [WireMessage]) {
        var machine = StepMachine(plan)
        _ = machine.receive(.start(ScriptedTurn.identity(1)))
        var deltas: [ModelDelta] = text.map { [.text($0)] } ?? []
        deltas.append(.toolCall(.init(index: 0, id: "call-1", name: tool)))
        deltas += arguments.map { .toolCall(.init(index: 0, argumentsFragment: $0)) }
        var whole = ModelDeltaAccumulator()
        var pieces: [WireMessage] = []
        for delta in deltas {
            whole.add(delta)
            pieces += entries(machine.receive(.modelDelta(delta)))
        }
        var actions = machine.receive(.modelFinished(whole.answer))
        while case .runTools(_, let runs)? = actions.last {
            for run in runs { actions = machine.receive(.toolFinished(callID: run.callID, ToolOutcome("3"), at: 0)) }
        }
        return (pieces, entries(machine.receive(.stepPersisted(next: ScriptedTurn.identity(2)))))
    }

    @Test func `a message is streamed as text after its thought`() {
        let shown = show(
            "send_message",
            [
                #"{"think"#, #"ing": "hm "#, #"hm", "mess"#, #"age": "Hel"#, #"lo\n"#, #"", "req"#,
                #"uest_heartbeat": true}"#,
            ],
            plan())
        #expect(shown.pieces.map(\.body) == [.thought("hm "), .thought("hm"), .speech("Hel"), .speech("lo\n")])
        #expect(Set(shown.pieces.map(\.id)).count == 1)
        let id = ScriptedTurn.identity(1).assistantMessageID
        let otids = [0, 0, 1, 1].map { WireMessage.otid(messageID: id, index: $0) }
        #expect(shown.pieces.map(\.otid) == otids)
        #expect(shown.later.isEmpty)
    }

    @Test func `the pieces of arguments make up the stored ones`() throws {
        for plan in [plan(), plan { $0.speech = nil }] {
            let tool = plan.speech == nil ? "send_message" : "add"
            let shown = show(
                tool, [#"{"thinking": "hm", "mes"#, #"sage":"x", "a""#, ": 1, \"request_heartbeat\":", "true }"], plan)
            let deltas = shown.pieces.compactMap { entry -> WireMessage.ToolCallDelta? in
                if case .toolCallDelta(let delta) = entry.body { delta } else { nil }
            }
            #expect(shown.pieces.first?.body == .thought("hm"))
            #expect(deltas.first == .init(name: tool, arguments: nil, id: "call-1"))
            #expect(
                deltas.compactMap(\.arguments).joined() == #"{"message": "x", "a": 1, "request_heartbeat": true}"#)
            #expect(shown.later.map(\.messageType) == ["tool_return_message"])
        }
    }

    @Test func `text is a thought when a call follows, and a message when none does`() {
        let plan = plan { $0.thinksInArguments = false }
        let shown = show("send_message", [#"{"message": "Hi"}"#], text: "hm", plan)
        #expect(shown.pieces.map(\.body) == [.thought("hm"), .speech("Hi")])
        #expect(shown.later.isEmpty)
        var machine = StepMachine(plan)
        _ = machine.receive(.start(ScriptedTurn.identity(1)))
        #expect(entries(machine.receive(.modelDelta(.text("plain")))).isEmpty)
        let answer = entries(machine.receive(.modelFinished(ModelAnswer(text: "plain"))))
        #expect(answer.map(\.body) == [.assistant("plain")])
        #expect(entries(machine.receive(.stepPersisted(next: ScriptedTurn.identity(2)))).isEmpty)
    }

    @Test func `a thought that comes late is shown with the whole`() {
        let shown = show("add", [#"{"a": 1, "#, #""thinking": "hm"}"#], plan())
        #expect(shown.pieces.map(\.messageType) == ["tool_call_message", "tool_call_message", "tool_call_message"])
        #expect(shown.later.map(\.messageType) == ["reasoning_message", "tool_return_message"])
    }
}
