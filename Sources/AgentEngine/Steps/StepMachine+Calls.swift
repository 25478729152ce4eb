import JSON
import ModelProviders

/// Makes the next model call and reads its answer: both depend on the model's capabilities.
extension StepMachine {
    func nextCall() -> ModelCall {
        let offer = rules.offer
        if let small = plan.smallModel { return nextCall(of: small, offer) }
        return usualCall(offer)
    }

    private func usualCall(_ offer: ToolRuleState.Offer) -> ModelCall {
        var call = ModelCall(
            tools: offer.tools, toolChoice: .auto, parallelToolCalls: plan.acceptsParallelCalls)
        let mustCall = plan.alwaysCallsTools || mustSpeakByTool(offer)
        guard !offer.tools.isEmpty, offer.isForced || mustCall else { return call }
        call.toolChoice =
            (offer.isForced || mustSpeakByTool(offer)) && offer.tools.count == 1 ? .one(offer.tools[0]) : .required
        // Where only the type of the agent demands a call, a text is an answer too, and a call in text is read.
        if offer.isForced ? plan.traits.toolCalls != .native : plan.traits.toolCalls == .none { call.form = .call }
        return call
    }

    private func nextCall(of small: SmallModelPlan, _ offer: ToolRuleState.Offer) -> ModelCall {
        if offer.isForced || plan.alwaysCallsTools { return usualCall(offer) }
        // Models of this size repeat calls if they can: one call, then an answer.
        let own = offer.tools.filter { !SmallModelPlan.ownWork.contains($0) }
        guard plan.traits.toolCalls != .none, !own.isEmpty, !rules.hasCalled(anyOf: own) else {
            return ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false)
        }
        let (tools, isForced) = small.offered(from: own)
        return ModelCall(
            tools: tools, toolChoice: isForced ? .required : .auto, parallelToolCalls: false,
            form: isForced ? .call : .usual)
    }

    /// The calls that write what the user's words ask for into the memory, as an answer of the model; nil when there is
    /// nothing to write or no step is left for the answer.
    mutating func memoryChanges() -> ModelAnswer? {
        let offer = rules.offer
        guard let small = plan.smallModel, !hasChangedMemory, !offer.isForced, usage.stepCount + 1 < plan.maximumSteps
        else { return nil }
        hasChangedMemory = true
        let calls = small.changes.compactMap { change in
            change.call(with: offer.tools, block: small.blocks.first { $0.label == change.label })
        }
        return calls.isEmpty ? nil : ModelAnswer(toolCalls: calls, finishReason: .toolCalls)
    }

    // MARK: The answer

    /// The answer with the call in its text; nil when there is none.
    func callFromText(of answer: ModelAnswer, in form: ModelCall.Form) -> ModelAnswer? {
        guard answer.toolCalls.isEmpty, let text = answer.text else { return nil }
        switch form {
        case .usual where plan.traits.toolCalls == .native:
            return nil
        case .usual, .call:
            let offered = Set(rules.offer.tools)
            let reader = LenientToolCalls(tools: plan.tools.filter { offered.contains($0.name) })
            guard let found = reader.read(text) else { return nil }
            return answer.calling(
                ModelToolCall(id: "", name: found.tool, arguments: found.arguments), saying: found.text)
        }
    }
}

extension ModelAnswer {
    fileprivate func calling(_ call: ModelToolCall, saying text: String?) -> ModelAnswer {
        var answer = self
        answer.text = text
        answer.toolCalls = [call]
        return answer
    }
}
