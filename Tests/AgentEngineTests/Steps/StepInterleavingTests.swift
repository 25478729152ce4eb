import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// Every input at every moment: failures, cancels, and what comes too late.
@Suite(.timeLimit(.minutes(2))) struct StepInterleavingTests {
    private let identity = ScriptedTurn.identity(1)
    private let next = ScriptedTurn.identity(2)

    private func started(_ plan: TurnPlan = .tools(["add", "boom"])) -> StepMachine {
        var machine = StepMachine(plan)
        _ = machine.receive(.start(identity))
        return machine
    }

    /// The end that the actions finish with, which must be the last of them.
    private func finalEnd(_ actions: [StepAction]) -> TurnEnd? {
        if case .finish(let end)? = actions.last { end } else { nil }
    }

    private func stepRecord(_ actions: [StepAction]) -> StepRecord? {
        if case .persistStep(let record)? = actions.last { record } else { nil }
    }

    private var twoCalls: TurnPlan {
        var plan = TurnPlan.tools(["add", "boom"])
        plan.allowsParallelCalls = true
        return plan
    }

    // MARK: Failures of the model

    static let failures: [(kind: ProviderFailure.Kind, stop: TurnStop)] = [
        (.rateLimited, .modelError), (.server, .modelError), (.connection, .modelError), (.cut, .modelError),
        (.invalidAnswer, .invalidModelResponse), (.insufficientCredits, .insufficientCredits),
    ]

    @Test(arguments: failures)
    func aFailureOfTheModelEndsTheTurn(_ row: (kind: ProviderFailure.Kind, stop: TurnStop)) throws {
        var machine = started()
        let failure = ProviderFailure(row.kind, message: "text")
        let actions = machine.receive(.modelFailed(failure))
        let end = try #require(finalEnd(actions))
        #expect(actions.count == 1)
        #expect(end.stop == row.stop)
        #expect(end.failure == TurnFailure(failure))
        #expect(
            end.events(runID: "run-1") == [.stopReason(row.stop), .failure(TurnFailure(failure), runID: "run-1")])
    }

    @Test func aFailureInALaterStepKeepsTheEarlierOnes() {
        var machine = started()
        _ = machine.receive(.modelFinished(.call("add")))
        #expect(stepRecord(machine.receive(.toolFinished(callID: "call-0", ToolOutcome("3"), at: 1))) != nil)
        _ = machine.receive(.stepPersisted(next: next))
        let end = finalEnd(machine.receive(.modelFailed(ProviderFailure(.server, message: "x"))))
        #expect(end?.stop == .modelError)
        #expect(end?.usage.stepCount == 1)
    }

    @Test func aCancelledModelCallCancelsTheTurn() {
        var machine = started()
        let end = finalEnd(machine.receive(.modelFailed(ProviderFailure(.cancelled, message: "x"))))
        #expect(end?.stop == .cancelled)
        #expect(end?.failure == nil)
    }

    // MARK: Cancel

    @Test func beforeTheStart() {
        var machine = StepMachine(.tools([]))
        #expect(finalEnd(machine.receive(.cancel))?.stop == .cancelled)
        #expect(machine.receive(.start(identity)).isEmpty)
    }

    @Test func whileTheModelAnswers() {
        var machine = started()
        let actions = machine.receive(.cancel)
        #expect(finalEnd(actions)?.stop == .cancelled)
        #expect(machine.receive(.modelDelta(.text("late"))).isEmpty)
        #expect(machine.receive(.modelFinished(.say("late"))).isEmpty)
    }

    @Test func whileCallsAreStoredNoneOfThemRuns() throws {
        var plan = TurnPlan.tools(["add"])
        plan.tools[0].hasOutsideEffects = true
        var machine = started(plan)
        _ = machine.receive(.modelFinished(.call("add")))
        #expect(machine.receive(.cancel).isEmpty)
        let record = try #require(stepRecord(machine.receive(.callsStored)))
        #expect(record.callsAreStored)
        #expect(record.messages.flatMap(\.toolReturns).map(\.succeeded) == [false])
        #expect(record.end?.stop == .cancelled)
        #expect(finalEnd(machine.receive(.stepPersisted(next: next)))?.stop == .cancelled)
    }

    @Test func whileToolsRunTheirResultsAreStillStored() throws {
        var machine = started(twoCalls)
        _ = machine.receive(.modelFinished(.calls([("add", "{}"), ("boom", "{}")])))
        #expect(machine.receive(.toolFinished(callID: "call-0", ToolOutcome("3"), at: 1)).isEmpty)
        #expect(machine.receive(.cancel).isEmpty)
        let stopped = ToolOutcome("Error: stopped", succeeded: false)
        let record = try #require(stepRecord(machine.receive(.toolFinished(callID: "call-1", stopped, at: 2))))
        #expect(record.messages.flatMap(\.toolReturns).map(\.succeeded) == [true, false])
        #expect(record.end?.stop == .cancelled)
        let actions = machine.receive(.stepPersisted(next: next))
        #expect(finalEnd(actions)?.stop == .cancelled)
        #expect(actions.count == 3)
    }

    @Test func whileAStepIsStoredThatGoesOn() throws {
        var machine = started()
        _ = machine.receive(.modelFinished(.call("add")))
        let record = try #require(stepRecord(machine.receive(.toolFinished(callID: "call-0", ToolOutcome("3"), at: 1))))
        #expect(record.end == nil)
        #expect(machine.receive(.cancel).isEmpty)
        #expect(finalEnd(machine.receive(.stepPersisted(next: next)))?.stop == .cancelled)
    }

    @Test func whileTheLastStepIsStoredItComesTooLate() {
        var machine = started()
        _ = machine.receive(.modelFinished(.say("done")))
        #expect(machine.receive(.cancel).isEmpty)
        #expect(finalEnd(machine.receive(.stepPersisted(next: next)))?.stop == .endTurn)
        #expect(machine.receive(.cancel).isEmpty)
    }

    // MARK: Results

    @Test func resultsMayComeInAnyOrderAndOnlyOnce() throws {
        var machine = started(twoCalls)
        _ = machine.receive(.modelFinished(.calls([("add", "{}"), ("boom", "{}")])))
        #expect(machine.receive(.toolFinished(callID: "call-1", ToolOutcome("second"), at: 9)).isEmpty)
        #expect(machine.receive(.toolFinished(callID: "call-1", ToolOutcome("again"), at: 9)).isEmpty)
        #expect(machine.receive(.toolFinished(callID: "zz", ToolOutcome("whose?"), at: 9)).isEmpty)
        let actions = machine.receive(.toolFinished(callID: "call-0", ToolOutcome("first"), at: 8))
        let record = try #require(stepRecord(actions))
        #expect(record.messages[1].toolReturns.map(\.result) == ["first", "second"])
        // A result cannot be older than the step.
        #expect(record.messages[1].createdAt == identity.startedAt)
    }

    @Test func whatIsStoredIsShownOnlyThen() {
        var machine = started()
        let calls = machine.receive(.modelFinished(.call("add")))
        let stored = machine.receive(.toolFinished(callID: "call-0", ToolOutcome("3"), at: 1))
        for action in calls + stored {
            if case .emit = action { Issue.record("shown before it was stored") }
        }
        let shown = machine.receive(.stepPersisted(next: next))
        #expect(shown.count == 3)
    }

    // MARK: Inputs at the wrong moment

    @Test func inputsThatDoNotFitAreIgnored() {
        let late: [StepInput] = [
            .modelDelta(.text("x")), .modelFinished(.say("x")), .modelFailed(ProviderFailure(.cut, message: "")),
            .callsStored, .toolFinished(callID: "call-0", ToolOutcome("x"), at: 0), .stepPersisted(next: next),
        ]
        var fresh = StepMachine(.tools(["add"]))
        for input in late { #expect(fresh.receive(input).isEmpty) }
        var waiting = started()
        for input in [StepInput.callsStored, late[4], late[5], .start(identity)] {
            #expect(waiting.receive(input).isEmpty)
        }
        var done = started()
        _ = done.receive(.modelFailed(ProviderFailure(.cut, message: "")))
        for input in late + [.cancel, .start(identity)] { #expect(done.receive(input).isEmpty) }
    }
}
