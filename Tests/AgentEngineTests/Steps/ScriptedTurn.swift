import JSON
import ModelProviders

@testable import AgentEngine

/// Drives a machine to the end with scripted answers, and keeps what it asked for.
struct ScriptedTurn {
    var machine: StepMachine
    var answers: [ModelAnswer]
    /// What a tool answers; its arguments by default.
    var outcome: (ToolRun) -> ToolOutcome = { ToolOutcome(.string(JSONWriter.string(of: $0.arguments))) }
    private(set) var modelCalls: [ModelCall] = []
    private(set) var runs: [ToolRun] = []
    private(set) var records: [StepRecord] = []
    private(set) var events: [TurnEvent] = []
    /// Every action by name, in order.
    private(set) var log: [String] = []
    private(set) var end: TurnEnd?
    private var steps = 0

    init(_ plan: TurnPlan, _ answers: [ModelAnswer]) {
        machine = StepMachine(plan)
        self.answers = answers
    }

    static func identity(_ number: Int) -> StepIdentity {
        let digits = "0000000\(number)"
        return StepIdentity(
            stepID: "step-\(number)", runID: "run-1", assistantMessageID: "message-a\(digits)-0000-00",
            toolMessageID: "message-b\(digits)-0000-00", noticeMessageID: "message-c\(digits)-0000-00",
            startedAt: Int64(number) * 1_000_000)
    }

    mutating func run() {
        steps += 1
        perform(machine.receive(.start(Self.identity(steps))))
    }

    mutating func resume(_ pending: TurnMessage, _ decisions: [ApprovalDecision]) {
        steps += 1
        perform(machine.receive(.resume(pending: pending, decisions: decisions, Self.identity(steps))))
    }

    private mutating func perform(_ actions: [StepAction]) {
        for action in actions { perform(action) }
    }

    private mutating func perform(_ action: StepAction) {
        switch action {
        case .callModel(let call):
            log.append("call")
            modelCalls.append(call)
            let answer = answers.isEmpty ? ModelAnswer(text: "script over") : answers.removeFirst()
            perform(machine.receive(.modelFinished(answer)))
        case .storeCalls:
            log.append("store")
            perform(machine.receive(.callsStored))
        case .runTools(let concurrent, let inOrder):
            log.append("run \(concurrent.count)|\(inOrder.count)")
            for run in concurrent + inOrder {
                runs.append(run)
                let at = Int64(steps) * 1_000_000 + 5
                perform(machine.receive(.toolFinished(callID: run.callID, outcome(run), at: at)))
            }
        case .persistStep(let record):
            log.append("persist")
            records.append(record)
            steps += 1
            perform(machine.receive(.stepPersisted(next: Self.identity(steps))))
        case .emit(let event): events.append(event)
        case .stopModel, .stopTools: log.append("stop")
        case .finish(let end):
            log.append("finish")
            self.end = end
        }
    }

    var messages: [TurnMessage] { records.flatMap(\.messages) }
    var returns: [TurnMessage.ToolReturn] { messages.flatMap(\.toolReturns) }
    /// What the model read as results, as texts.
    var results: [String] { returns.map { PythonText.text(of: $0.result) } }
    var entries: [WireMessage] {
        events.compactMap { if case .message(let entry) = $0 { entry } else { nil } }
    }
}

extension ModelAnswer {
    static func say(_ text: String) -> ModelAnswer {
        ModelAnswer(text: text, usage: ModelUsage(promptTokens: 10, completionTokens: 1))
    }

    static func call(_ tool: String, _ arguments: String = "{}", text: String? = nil) -> ModelAnswer {
        calls([(tool, arguments)], text: text)
    }

    static func calls(_ calls: [(tool: String, arguments: String)], text: String? = nil) -> ModelAnswer {
        ModelAnswer(
            text: text,
            toolCalls: calls.enumerated().map {
                ModelToolCall(id: "call-\($0.offset)", name: $0.element.tool, arguments: $0.element.arguments)
            }, finishReason: .toolCalls, usage: ModelUsage(promptTokens: 10, completionTokens: 1))
    }
}

extension TurnPlan {
    static func tools(_ names: [String], rules: [ToolRule] = []) -> TurnPlan {
        TurnPlan(tools: names.map { TurnTool(name: $0) }, rules: rules)
    }
}
