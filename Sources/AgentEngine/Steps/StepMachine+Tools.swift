import JSON
import ModelProviders

extension StepMachine {
    /// Requests approval where it is required; otherwise runs the calls.
    mutating func takeCalls(_ calls: [PreparedCall]) -> [StepAction] {
        guard let assistant = step?.assistant else { return [] }
        // The calls that require no approval wait too: their effects may depend on the decision.
        if calls.contains(where: \.call.needsApproval) { return persist([assistant], stop: .requiresApproval) }
        for call in calls {
            if let refusal = call.refusal {
                note(.string(refusal), for: call.call.id)
            } else {
                step?.runs.append(ToolRun(callID: call.call.id, tool: call.call.name, arguments: call.arguments))
            }
        }
        let hasOutsideEffects = step?.runs.contains { plan.tool($0.tool)?.hasOutsideEffects == true } ?? false
        guard hasOutsideEffects else { return runTools() }
        phase = .storingCalls
        return [.storeCalls(assistant)]
    }

    /// Starts the step's tools; after a cancel, none of them.
    mutating func runTools() -> [StepAction] {
        guard let step else { return [] }
        if case .storingCalls = phase { self.step?.callsAreStored = true }
        if isCancelled {
            for run in step.runs { note("Error: the turn was cancelled before this tool ran.", for: run.callID) }
            self.step?.runs = []
        }
        guard let runs = self.step?.runs.map(plan.executable), !runs.isEmpty else { return completeStep() }
        phase = .runningTools
        let parallelTools = Set(plan.tools.filter(\.canRunInParallel).map(\.name))
        return [
            .runTools(
                concurrent: runs.filter { parallelTools.contains($0.tool) },
                inOrder: runs.filter { !parallelTools.contains($0.tool) })
        ]
    }

    mutating func toolFinished(_ callID: String, _ outcome: ToolOutcome, at: Int64) -> [StepAction] {
        guard var step, let run = step.runs.first(where: { $0.callID == callID }), step.returns[callID] == nil
        else { return [] }
        let limit = plan.tool(run.tool)?.returnLimit
        step.returns[callID] = TurnMessage.ToolReturn(
            callID: callID, result: limit.map { outcome.result.cut(toCharacters: $0) } ?? outcome.result,
            succeeded: outcome.succeeded, stdout: outcome.stdout, stderr: outcome.stderr)
        step.lastResultAt = max(step.lastResultAt, at)
        if outcome.succeeded { acts.insert(SmallModelPlan.ownWork.contains(run.tool) ? .memory : .outside) }
        self.step = step
        return step.isWaitingForResults ? [] : completeStep()
    }

    /// Adds the result of a call that did not run.
    private mutating func note(_ text: JSONValue, for callID: String) {
        step?.returns[callID] = TurnMessage.ToolReturn(callID: callID, result: text, succeeded: false)
    }

    /// Every call has its result: one message holds all of them, in the order of the calls.
    private mutating func completeStep() -> [StepAction] {
        guard let step, let assistant = step.assistant else { return [] }
        let calls = step.isResumed ? resumedOrder(of: assistant, in: step) : assistant.toolCalls
        let returns = calls.compactMap { step.returns[$0.id] }
        let results = TurnMessage(
            id: step.identity.toolMessageID, role: .tool, parts: returns.map { .toolReturn(ofLoop($0)) },
            name: step.isResumed ? step.runs.first?.tool : assistant.toolCalls.first?.name,
            stepID: step.isResumed ? assistant.stepID : step.identity.stepID, runID: step.identity.runID,
            createdAt: step.lastResultAt)
        for run in step.runs {
            if let result = step.returns[run.callID] { rules.record(run.tool, result: result.result) }
        }
        let messages = step.isResumed ? [results] : [assistant, results]
        if isCancelled { return persist(messages, stop: .cancelled) }
        if plan.loop == .heartbeat { return continueByHeartbeat(messages) }
        if endsTurn(step) { return leave(with: messages, stop: .toolRule) }
        return persist(messages, stop: isLastStep ? .maxSteps : nil)
    }
}
