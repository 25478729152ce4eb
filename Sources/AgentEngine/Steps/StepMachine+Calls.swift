import JSON
import ModelProviders

/// Makes the next model call and reads its answer: both depend on the model's capabilities.
extension StepMachine {
    mutating func nextCall() -> ModelCall {
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

    private mutating func nextCall(of small: SmallModelPlan, _ offer: ToolRuleState.Offer) -> ModelCall {
        if offer.isForced || plan.alwaysCallsTools { return usualCall(offer) }
        if !hasAskedForNote, noteTool(offer) != nil, !small.noteLabels.isEmpty, !isLastStepButOne,
            RememberRequest.isMade(in: small.userText)
        {
            hasAskedForNote = true
            return ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false, form: .note)
        }
        // Models of this size repeat calls if they can: one call, then an answer.
        let own = offer.tools.filter { !SmallModelPlan.ownWork.contains($0) }
        let mayCall = plan.traits.toolCalls != .none && !rules.hasCalled(anyOf: own)
        return ModelCall(tools: mayCall ? own : [], toolChoice: .auto, parallelToolCalls: false)
    }

    /// A note takes one step, and the answer another.
    private var isLastStepButOne: Bool { usage.stepCount + 1 >= plan.maximumSteps }

    private func noteTool(_ offer: ToolRuleState.Offer) -> String? {
        MemoryNote.tools.map(\.0).first(where: offer.tools.contains)
    }

    // MARK: The answer

    /// The answer with the call in its text; nil when there is none.
    func callFromText(of answer: ModelAnswer, in form: ModelCall.Form) -> ModelAnswer? {
        guard answer.toolCalls.isEmpty, let text = answer.text else { return nil }
        switch form {
        case .note:
            guard let small = plan.smallModel, let tool = noteTool(rules.offer),
                let call = MemoryNote.call(of: tool, from: text, for: small)
            else { return nil }
            return answer.calling(call, saying: nil)
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
