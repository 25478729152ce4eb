import JSON
import LettaAPI

extension RunSpan {
    /// The spans of a run, made of its row and those of its steps.
    static func spans(of run: Run, _ steps: [StepRow]) -> [RunSpan] {
        func span(
            _ id: String, in parent: String?, _ name: String, from start: Int?, _ duration: Int?, _ status: String,
            _ attributes: JSONObject
        ) -> RunSpan? {
            guard let start else { return nil }
            return RunSpan(
                traceID: run.id.rawValue, spanID: id, parentSpanID: parent, spanName: name, startTimeNs: start,
                durationNs: duration, statusCode: status, attributes: .object(attributes))
        }
        let root = span(
            run.id.rawValue, in: nil, "run", from: run.createdAt.nanoseconds, run.totalDuration,
            run.status == .failed ? "ERROR" : run.status == .completed ? "OK" : "UNSET",
            [
                "agent_id": .string(run.agentID.rawValue), "run.status": .string(run.status.rawValue),
                "run.stop_reason": run.stopReason.map { .string($0.rawValue) } ?? .null,
            ])
        let children = steps.flatMap { row -> [RunSpan?] in
            let (step, times, id) = (row.step, row.metrics, row.step.id.rawValue)
            let status = step.status == "success" ? "OK" : step.status == "failed" ? "ERROR" : "UNSET"
            let tools = row.toolNames.map { JSONValue.string($0) }
            let toolStart = times.modelCallStart.flatMap { start in times.modelCall.map { start + $0 } }
            return [
                span(
                    id, in: run.id.rawValue, "agent_step", from: times.start, times.duration, status,
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
        return ([root] + children).compactMap(\.self)
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
