import JSON
import ModelProviders

/// The heartbeat loop: the model speaks through a tool, and its call says whether it needs another step.
extension StepMachine {
    // MARK: The model

    /// Whether an answer must be a call. Without a tool that speaks or ends the turn, text is the only way to answer.
    func mustSpeakByTool(_ offer: ToolRuleState.Offer) -> Bool {
        plan.loop == .heartbeat && offer.tools.contains { $0 == SpeechTool.standard.name || rules.endsTurn($0) }
    }

    /// The calls without what is the loop's; their thought goes to the step.
    func takeApart(_ calls: ArraySlice<ModelToolCall>, in step: inout CurrentStep) -> ArraySlice<ModelToolCall> {
        guard plan.rewritesArguments else { return calls }
        let parts = calls.map { LoopCall($0.arguments, tool: plan.tool($0.name), plan: plan) }
        let thoughts = parts.compactMap(\.thought)
        step.thought = thoughts.isEmpty ? nil : thoughts.joined(separator: "\n")
        if plan.loop == .heartbeat {
            step.unreadableCalls = Set(parts.indices.filter { !parts[$0].isObject })
        }
        return zip(calls, parts).map { call, part in
            ModelToolCall(id: call.id, name: call.name, arguments: part.arguments)
        }[...]
    }

    /// Whether the text beside the calls is what the model thought.
    func thinksInText(_ answer: ModelAnswer, _ calls: [TurnMessage.ToolCall]) -> Bool {
        plan.loop == .heartbeat && !plan.thinksInArguments && !calls.isEmpty
            && answer.text?.trimmingSpaces.isEmpty == false
    }

    static func unreadable(_ tool: String) -> String {
        "Error: the arguments of \(tool) are not a JSON object, so it did not run. Call it again with valid JSON."
    }

    // MARK: The end of a step

    /// The result with the loop that it came from.
    func ofLoop(_ result: TurnMessage.ToolReturn) -> TurnMessage.ToolReturn {
        var result = result
        result.loop = plan.loop
        return result
    }

    /// Ends the turn, or gives control back to the model with a heartbeat: after a failure, where a rule demands it, and
    /// where the call asked for it.
    mutating func continueByHeartbeat(_ messages: [TurnMessage]) -> [StepAction] {
        guard let step, let call = step.assistant?.toolCalls.first else { return [] }
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        let asked = LoopArguments.isTrue((try? parser.parse(call.arguments))?[LoopArguments.heartbeat])
        let reason: String
        if step.runs.isEmpty, !step.isResumed, step.unreadableCalls.isEmpty {
            reason = "Continuing: tool rule violation."
        } else if step.returns[call.id]?.succeeded != true {
            // A failed answer is no answer, also by a tool that ends the turn.
            reason = "Function call failed, returning control"
        } else if rules.endsTurn(call.name) {
            return leave(with: messages, stop: asked ? .toolRule : .endTurn)
        } else if let rule = rules.continuation(after: call.name) {
            reason = "Continuing: \(rule)."
        } else if asked {
            reason = "Function called using request_heartbeat=true, returning control"
        } else {
            return leave(with: messages, stop: .endTurn)
        }
        return persist(messages + [notice(reason, in: step)], stop: isLastStep ? .maxSteps : nil)
    }
}
