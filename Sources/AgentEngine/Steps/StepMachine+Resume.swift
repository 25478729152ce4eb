import JSON
import ModelProviders

extension StepMachine {
    /// Runs the approved calls, together with those that required no approval.
    mutating func resume(
        _ pending: TurnMessage, _ decisions: [ApprovalDecision], _ identity: StepIdentity
    ) -> [StepAction] {
        var step = CurrentStep(identity, plan: plan)
        step.assistant = pending
        step.isResumed = true
        for call in pending.toolCalls {
            let decision = decisions.first { $0.callID == call.id }
            if let given = decision?.toolReturn {
                step.returns[call.id] = given
                rules.record(call.name, result: given.shown)
            } else if call.needsApproval, decision?.approves != true {
                step.returns[call.id] = .denied(call.id, because: decision?.reason)
            } else if plan.tool(call.name)?.runsAtClient ?? true {
                step.returns[call.id] = TurnMessage.ToolReturn(
                    callID: call.id,
                    result: .string("Error: the client runs \(call.name), but sent an approval instead of a result."),
                    succeeded: false)
            } else {
                let (arguments, _) = Self.arguments(
                    of: ModelToolCall(id: call.id, name: call.name, arguments: decision?.arguments ?? call.arguments))
                step.runs.append(ToolRun(callID: call.id, tool: call.name, arguments: arguments))
            }
        }
        step.isClients = pending.toolCalls.allSatisfy { call in
            decisions.contains { $0.callID == call.id && $0.toolReturn != nil }
        }
        self.step = step
        return runTools()
    }

    /// Whether a tool of the step ends the turn, wherever it ran.
    func endsTurn(_ step: CurrentStep) -> Bool {
        let calls = step.isClients ? step.assistant?.toolCalls.map(\.name) ?? [] : []
        return (step.runs.map(\.tool) + calls).contains(where: rules.endsTurn)
    }

    /// What did not run, then what was approved, then what required no approval.
    func resumedOrder(of assistant: TurnMessage, in step: CurrentStep) -> [TurnMessage.ToolCall] {
        let ran = Set(step.runs.map(\.callID))
        let calls = assistant.toolCalls
        return calls.filter { !ran.contains($0.id) } + calls.filter { ran.contains($0.id) && $0.needsApproval }
            + calls.filter { ran.contains($0.id) && !$0.needsApproval }
    }
}

extension TurnMessage.ToolReturn {
    /// What the model reads in place of the result of a call that must not run.
    package static func denied(_ callID: String, because reason: String?) -> TurnMessage.ToolReturn {
        let reason = reason.map { " User reason: \($0)" } ?? ""
        return TurnMessage.ToolReturn(
            callID: callID, result: .string("Error: request to call tool denied.\(reason)"), succeeded: false)
    }
}
