import JSON
import LettaAPI

extension RunSpan {
    /// The spans of a run: its own, and those that are kept of its steps. For steps whose spans are not kept any more they are
    /// made of the rows.
    ///
    /// - Parameter others: the spans that are of no stored step.
    static func spans(of run: Run, _ steps: [StepRow], kept: [RunSpan], others: [RunSpan]) -> [RunSpan] {
        // The first of either is right below the turn.
        let first = kept.first ?? others.first
        let (traceID, rootID) = (
            first?.traceID ?? TurnTrace.traceID(of: run.id), first?.parentSpanID ?? run.id.rawValue
        )
        let keptSteps = Set(kept.compactMap { $0.attributes["step_id"]?.string })
        func span(
            _ id: String, in parent: String?, _ name: String, from start: Int?, _ duration: Int?, _ status: String,
            _ attributes: JSONObject
        ) -> RunSpan? {
            guard let start else { return nil }
            return RunSpan(
                traceID: traceID, spanID: id, parentSpanID: parent, spanName: name, startTimeNs: start,
                durationNs: duration, statusCode: status, attributes: .object(attributes))
        }
        let root = span(
            rootID, in: nil, "run", from: run.startedAt, run.totalDuration,
            run.status == .failed ? "ERROR" : run.status == .completed ? "OK" : "UNSET",
            [
                "agent_id": .string(run.agentID.rawValue), "run.status": .string(run.status.rawValue),
                "run.stop_reason": run.stopReason.map { .string($0.rawValue) } ?? .null,
            ])
        let children = steps.filter { !keptSteps.contains($0.step.id.rawValue) }.flatMap { row -> [RunSpan?] in
            let (step, times, id) = (row.step, row.metrics, row.step.id.rawValue)
            let status = step.status == "success" ? "OK" : step.status == "failed" ? "ERROR" : "UNSET"
            let tools = row.toolNames.map { JSONValue.string($0) }
            let toolStart = times.modelCallStart.flatMap { start in times.modelCall.map { start + $0 } }
            return [
                span(
                    id, in: rootID, "agent_step", from: times.start, times.duration, status,
                    ["step_id": .string(id), "model": step.model.map { .string($0) } ?? .null]),
                span(
                    "\(id)/llm_request", in: id, "llm_request", from: times.modelCallStart, times.modelCall, status,
                    [
                        "gen_ai.usage.input_tokens": .int(Int64(step.promptTokens)),
                        "gen_ai.usage.output_tokens": .int(Int64(step.completionTokens)),
                    ]),
                times.toolExecution == nil
                    ? nil
                    : span(
                        "\(id)/tool_execution", in: id, "tool_execution", from: toolStart, times.toolExecution, "OK",
                        ["tools": .array(tools)]),
            ]
        }
        // The oldest are the first that are not kept any more.
        let byID = Dictionary(steps.map { ($0.step.id.rawValue, $0.step) }) { $1 }
        return (([root] + children).compactMap(\.self) + kept).map { $0.showing(byID) } + others
    }

    /// The span of a step with what the step used.
    private func showing(_ steps: [String: Step]) -> RunSpan {
        guard spanName == "agent_step", var fields = attributes.object, let id = fields["step_id"]?.string,
            let step = steps[id]
        else { return self }
        fields["gen_ai.usage.input_tokens"] = .int(Int64(step.promptTokens))
        fields["gen_ai.usage.output_tokens"] = .int(Int64(step.completionTokens))
        if let cost = step.cost { fields["cost"] = .double(cost) }
        var span = self
        span.attributes = .object(fields)
        return span
    }
}

extension RunUsage {
    /// Adds what a step reports beside its sums.
    mutating func addDetails(of step: Step) {
        if step.cachedInputTokens != nil || step.cacheWriteTokens != nil {
            var details = promptTokensDetails ?? PromptTokenDetails()
            details.cachedTokens += step.cachedInputTokens ?? 0
            details.cacheReadTokens += step.cachedInputTokens ?? 0
            details.cacheCreationTokens += step.cacheWriteTokens ?? 0
            promptTokensDetails = details
        }
        guard let reasoning = step.reasoningTokens else { return }
        var details = completionTokensDetails ?? CompletionTokenDetails()
        details.reasoningTokens += reasoning
        completionTokensDetails = details
    }
}
