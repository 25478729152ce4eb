import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// What clients see of an answer that is shown piece by piece.
@Suite(.timeLimit(.minutes(2))) struct StepStreamTests {
    private let identity = ScriptedTurn.identity(1)

    private func plan(_ change: (inout TurnPlan) -> Void = { _ in }) -> TurnPlan {
        var plan = TurnPlan(tools: [TurnTool(name: "add", requiredArguments: ["a"])])
        plan.streamsTokens = true
        change(&plan)
        return plan
    }

    private func entries(_ actions: [StepAction]) -> [WireMessage] {
        actions.compactMap { if case .emit(.message(let entry)) = $0 { entry } else { nil } }
    }

    /// The entries shown for the pieces, and those that follow once the step is stored.
    private func show(
        _ deltas: [ModelDelta], _ plan: TurnPlan
    ) -> (pieces: [WireMessage], later: [WireMessage], last: StepAction?) {
        var machine = StepMachine(plan)
        _ = machine.receive(.start(identity))
        var whole = ModelDeltaAccumulator()
        var pieces: [WireMessage] = []
        for delta in deltas {
            whole.add(delta)
            pieces += entries(machine.receive(.modelDelta(delta)))
        }
        var actions = machine.receive(.modelFinished(whole.answer))
        pieces += entries(actions)
        while case .runTools(let concurrent, let inOrder)? = actions.last {
            for run in concurrent + inOrder {
                actions = machine.receive(.toolFinished(callID: run.callID, ToolOutcome("3"), at: 0))
            }
        }
        let stored = machine.receive(.stepPersisted(next: ScriptedTurn.identity(2)))
        return (pieces, entries(stored), stored.last)
    }

    private func call(_ index: Int, id: String? = nil, name: String? = nil, _ fragment: String = "") -> ModelDelta {
        .toolCall(ModelToolCallDelta(index: index, id: id, name: name, argumentsFragment: fragment))
    }

    @Test func thoughtAndTextShareTheIdAndHaveTheirOwnOtid() {
        let shown = show([.reasoning("th"), .reasoning("ink"), .text("Ans"), .text("wer"), .text("")], plan())
        #expect(
            shown.pieces.map(\.body) == [
                .reasoning("th", signature: nil), .reasoning("ink", signature: nil), .assistant("Ans"),
                .assistant("wer"),
            ])
        #expect(Set(shown.pieces.map(\.id)) == [identity.assistantMessageID])
        let otids = [0, 0, 1, 1].map { WireMessage.otid(messageID: identity.assistantMessageID, index: $0) }
        #expect(shown.pieces.map(\.otid) == otids)
        #expect(shown.later.isEmpty)
    }

    @Test func theOtidsAreThoseOfTheStoredMessage() {
        let shown = show([.reasoning("think"), .text("answer")], plan())
        let stored = TurnMessage(
            id: identity.assistantMessageID, role: .assistant,
            parts: [.reasoning(.init("think")), .text("answer")], createdAt: 0)
        #expect(shown.pieces.map(\.otid) == WireMessage.entries(of: stored, for: .list).map(\.otid))
    }

    @Test func aCallBeginsWithItsNameAndItsResultComesWhole() {
        let shown = show([call(0, id: "c", name: "add"), call(0, #"{"a""#), call(0, ": 1}")], plan())
        #expect(
            shown.pieces.map(\.body) == [
                .toolCallDelta(.init(name: "add", arguments: nil, id: "c")),
                .toolCallDelta(.init(name: nil, arguments: #"{"a""#, id: "c")),
                .toolCallDelta(.init(name: nil, arguments: ": 1}", id: "c")),
            ])
        #expect(shown.later.map(\.messageType) == ["tool_return_message"])
        if case .callModel? = shown.last {} else { Issue.record("the turn must go on") }
    }

    @Test func aCallThatWillNotCountIsNotShown() {
        let deltas = [call(0, id: "c", name: "add"), call(1, id: "d", name: "add"), call(1, "{}")]
        #expect(show(deltas, plan()).pieces.count == 1)
        let parallel = show(deltas, plan { $0.allowsParallelCalls = true })
        #expect(parallel.pieces.count == 3)
        #expect(Set(parallel.pieces.map(\.otid)).count == 1)
    }

    @Test func aCallWithoutIdHasTheSameOneInPiecesAndStored() {
        var machine = StepMachine(plan())
        _ = machine.receive(.start(identity))
        let shown = entries(machine.receive(.modelDelta(call(0, name: "add"))))
        let answer = ModelAnswer(toolCalls: [ModelToolCall(id: "", name: "add", arguments: "{}")])
        guard case .runTools(_, let runs)? = machine.receive(.modelFinished(answer)).last,
            case .toolCallDelta(let delta)? = shown.first?.body
        else {
            Issue.record("no call")
            return
        }
        #expect(runs.map(\.callID) == [delta.id])
        #expect(delta.id.hasPrefix("call_"))
    }

    @Test func aCallThatNeedsConsentIsAskedForPieceByPiece() {
        let shown = show([call(0, id: "c", name: "add"), call(0, "{}")], plan { $0.tools[0].needsApproval = true })
        #expect(
            shown.pieces.map(\.body) == [
                .approvalRequestDelta(.init(name: "add", arguments: nil, id: "c")),
                .approvalRequestDelta(.init(name: nil, arguments: "{}", id: "c")),
            ])
        #expect(shown.pieces.map(\.otid) == [identity.assistantMessageID, identity.assistantMessageID])
        #expect(shown.later.isEmpty)
        guard case .finish(let end)? = shown.last else {
            Issue.record("the turn must end")
            return
        }
        #expect(end.stop == .requiresApproval)
    }

    @Test func anAnswerThatCameInOnePieceIsShownWhole() {
        var machine = StepMachine(plan())
        _ = machine.receive(.start(identity))
        _ = machine.receive(.modelFinished(ModelAnswer(text: "answer", reasoning: "hm")))
        let shown = entries(machine.receive(.stepPersisted(next: ScriptedTurn.identity(2))))
        #expect(shown.map(\.body) == [.reasoning("hm", signature: nil), .assistant("answer")])
    }

    @Test func withoutTokenStreamingPiecesAreNotShown() {
        let shown = show([.text("Ans"), .text("wer")], plan { $0.streamsTokens = false })
        #expect(shown.pieces.isEmpty)
        #expect(shown.later.map(\.body) == [.assistant("Answer")])
    }

    // MARK: Calls that arrive as text

    @Test func textThatIsACallIsNotShownAsText() {
        let deltas = ["Sure. ", #"{"name": "a"#, #"dd", "arguments": {"a": 1}}"#].map(ModelDelta.text)
        let shown = show(deltas, plan { $0.traits.toolCalls = .maybeText })
        #expect(shown.pieces.map(\.body) == [.assistant("Sure. ")])
        #expect(shown.later.map(\.messageType) == ["tool_call_message", "tool_return_message"])
    }

    @Test func textThatOnlyLookedLikeACallIsShownInTheEnd() {
        let deltas = ["Use `x` ", "or {y}. {", " \"na", "ture\": 1} [", "1]"].map(ModelDelta.text)
        let shown = show(deltas, plan { $0.traits.toolCalls = .maybeText })
        #expect(
            shown.pieces.map(\.body) == [
                .assistant("Use `x` "), .assistant("or {y}. "), .assistant("{ \"nature\": 1} "), .assistant("[1]"),
            ])
        #expect(shown.later.isEmpty)
    }

    @Test func textHeldBackBesideARealCallIsShown() {
        let deltas = [ModelDelta.text("<tool"), call(0, id: "c", name: "add"), call(0, "{}")]
        let shown = show(deltas, plan { $0.traits.toolCalls = .maybeText })
        #expect(shown.pieces.last?.body == .assistant("<tool"))
        #expect(shown.later.map(\.messageType) == ["tool_return_message"])
    }
}
