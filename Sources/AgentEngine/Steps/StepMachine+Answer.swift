import JSON
import ModelProviders

extension StepMachine {
    /// Processes a complete answer: ends the turn with its text, or prepares its calls.
    mutating func take(_ answer: ModelAnswer) -> [StepAction] {
        guard var step else { return [] }
        usage.addStep(answer.usage)
        step.usage = answer.usage
        step.finishReason = answer.finishReason
        let complete = answer.withoutCutCalls
        let found = complete.isCut ? nil : callFromText(of: complete, in: step.form)
        // Text that was held back as a possible call is prose if no call resulted.
        let released = found == nil ? step.stream.release(isAll: complete.toolCalls.isEmpty) : []
        let shown = released.map { StepAction.emit(.message($0)) }
        var answer = found ?? complete
        if let check = step.check { answer.text = check.text(of: answer) }
        let takesAll = plan.acceptsParallelCalls || step.isServers
        let calls = takeApart(takesAll ? answer.toolCalls[...] : answer.toolCalls.prefix(1), in: &step)
        if calls.isEmpty {
            self.step = step
            return shown + takeText(answer)
        }
        let prepared = calls.enumerated().map { index, call in
            prepare(
                call, id: step.callIDs.id(at: index, given: call.id), isFirst: index == 0,
                isReadable: !step.unreadableCalls.contains(index))
        }
        step.assistant = message(of: answer, calls: prepared.map(\.call), in: step)
        self.step = step
        return shown + takeCalls(prepared)
    }

    // MARK: Text

    private mutating func takeText(_ answer: ModelAnswer) -> [StepAction] {
        guard let step else { return [] }
        let said = message(of: answer, calls: [], in: step)
        let messages = said.parts.isEmpty ? [] : [said]
        if answer.isCut { return persist(messages, stop: .maxTokensExceeded) }
        return leave(with: messages, stop: .endTurn)
    }

    /// Ends the turn with `stop`, unless a rule requires a tool first: then the model gets a notice and continues.
    mutating func leave(with messages: [TurnMessage], stop: TurnStop) -> [StepAction] {
        let missing = rules.missingBeforeExit
        guard !missing.isEmpty, let step else { return persist(messages, stop: stop) }
        let notice = notice(
            "ToolRuleViolated: You must call \(missing.joined(separator: ", ")) at least once to exit the loop.",
            in: step)
        return persist(messages + [notice], stop: isLastStep ? .maxSteps : nil)
    }

    var isLastStep: Bool { usage.stepCount >= plan.maximumSteps }

    /// A notice of the loop to the model.
    func notice(_ reason: String, in step: CurrentStep) -> TurnMessage {
        let time = ZonedTime.promptTextOrUTC(microseconds: step.lastResultAt, zone: plan.zone)
        let text = PackedText.heartbeat(
            "[This is an automated system message hidden from the user] \(reason)", time: time)
        return TurnMessage(
            id: step.identity.noticeMessageID, role: .user, parts: [.text(text)],
            stepID: step.identity.stepID, runID: step.identity.runID, createdAt: step.lastResultAt)
    }

    private func message(of answer: ModelAnswer, calls: [TurnMessage.ToolCall], in step: CurrentStep) -> TurnMessage {
        var parts: [TurnMessage.Part] = []
        let thought = step.thought ?? (thinksInText(answer, calls) ? answer.text : nil)
        var reasoning = TurnMessage.Reasoning(answer.reasoning ?? "", signature: answer.reasoningSignature)
        // What the loop asked for is shown in its place.
        reasoning.isOmitted = reasoning.text.isEmpty && answer.hasHiddenReasoning && (thought ?? "").isEmpty
        let saysMore = !calls.isEmpty || answer.text?.isEmpty == false
        // A provider may want something back without having shown what it thought.
        if !reasoning.text.isEmpty || (reasoning.signature != nil || reasoning.isOmitted) && saysMore {
            parts.append(.reasoning(reasoning))
        }
        // Models fill the text beside a call with line feeds.
        if !thinksInText(answer, calls), let text = answer.text, !text.isEmpty,
            calls.isEmpty || !text.trimmingSpaces.isEmpty
        {
            parts.append(.text(text))
        }
        if let thought, !thought.isEmpty { parts.append(.reasoning(.init(thought, isNative: false))) }
        parts += calls.map { .toolCall($0) }
        return TurnMessage(
            id: step.identity.assistantMessageID, role: .assistant, parts: parts, stepID: step.identity.stepID,
            runID: step.identity.runID, createdAt: step.identity.startedAt)
    }

    // MARK: Calls

    struct PreparedCall {
        var call: TurnMessage.ToolCall
        var arguments: JSONObject
        /// Why the call must not run; nil if it may.
        var refusal: String?
    }

    private func prepare(_ call: ModelToolCall, id: String, isFirst: Bool, isReadable: Bool) -> PreparedCall {
        let isOffered = rules.offer.tools.contains(call.name)
        var (arguments, text) = Self.arguments(of: call)
        if isFirst, isOffered, let preset = rules.presetArguments(for: call.name) {
            for (key, value) in preset { arguments[key] = value }
            text = JSONWriter.string(of: arguments, style: .spaced)
        }
        return PreparedCall(
            call: TurnMessage.ToolCall(
                id: id, name: call.name, arguments: text,
                needsApproval: isOffered && isReadable && plan.needsApproval(call.name), loop: plan.loop),
            arguments: arguments,
            refusal: isOffered ? (isReadable ? nil : Self.unreadable(call.name)) : rules.refusal(of: call.name))
    }

    /// Anything but a JSON object counts as no arguments, in the stored call too; the tool then reports what is
    /// missing.
    static func arguments(of call: ModelToolCall) -> (JSONObject, text: String) {
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        // The model's own mistake: it reads of it in the tool's result.
        guard let object = try? parser.parse(call.arguments).object else { return ([:], "{}") }
        return (object, call.arguments)
    }
}

extension ModelAnswer {
    /// Whether the model reasoned beyond what it shows, as far as the provider says so.
    fileprivate var hasHiddenReasoning: Bool {
        if let tokens = usage?.reasoningTokens, tokens > 0 { return true }
        return reasoningSignature.map(OpaqueReasoning.isEncrypted) ?? false
    }

    /// Whether the model or the server stopped it at a limit.
    fileprivate var isCut: Bool { finishReason == .length || finishReason == .limit }

    /// Without the calls of an answer that this server stopped: the last one may lack half of its arguments, and the
    /// turn ends.
    fileprivate var withoutCutCalls: ModelAnswer {
        guard finishReason == .limit else { return self }
        var answer = self
        answer.toolCalls = []
        return answer
    }
}
