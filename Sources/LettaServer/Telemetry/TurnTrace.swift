import AgentEngine
import EventStreams
import JSON
import LettaAPI
import ModelProviders

/// The spans of a turn: the turn itself, its steps, and in them the calls of the model and of tools.
struct TurnTrace: Sendable {
    let turn: TraceContext
    /// The operation that started the turn; nil for none.
    let parentID: String?
    let exporter: SpanExporter?
    private(set) var step: TraceContext
    /// Those of the step so far.
    private var spans: [Span] = []
    /// When the step began; nil between steps.
    private var stepStart: Timestamp?
    /// Those that are of no step that is stored: a wait for an approval, the tools run after it, a step that failed, a
    /// compaction after the last step. Each stands behind the one that it is a part of.
    private(set) var others: [Span] = []
    private var isResuming = false

    /// - Parameter parent: the operation that starts the turn; nil for a trace of its own, named by the run.
    init(of run: ID<Run>, in parent: TraceContext?, exporter: SpanExporter?) {
        turn = parent?.child() ?? .root(traceID: Self.traceID(of: run), isPropagated: exporter != nil)
        parentID = parent?.spanID
        self.exporter = exporter
        step = turn.child()
    }

    /// The digits of the run's id, which are as many as a trace's.
    static func traceID(of run: ID<Run>) -> String {
        String(run.rawValue.dropFirst("\(Run.idPrefix)-".count)).filter { $0 != "-" }
    }

    mutating func beginStep(at time: Timestamp) {
        step = turn.child()
        (spans, stepStart, isResuming) = ([], time, false)
    }

    /// Begins with the calls of an earlier turn, which are of no step of this one.
    mutating func resume() {
        (step, isResuming) = (turn, true)
    }

    mutating func add(_ span: Span) {
        if isResuming { others.append(span) } else { spans.append(span) }
        exporter?.record([span])
    }

    /// Adds what happens after the last step.
    mutating func addLast(_ span: Span) {
        others.append(span)
        exporter?.record([span])
    }

    /// Ends a step that did not come to be stored.
    mutating func failStep(_ failure: TurnFailure?, of state: TurnState, at time: Timestamp) {
        guard let start = stepStart, !spans.isEmpty else { return }
        var span = Span("agent_step", step, in: turn.spanID, from: start, to: time)
        span.attributes = ["model": .string(state.config.model)]
        span.status = failure.map { .error($0.detail) } ?? .unset
        exporter?.record([span])
        others += [span] + spans
        (spans, stepStart) = ([], nil)
    }

    /// The spans of a step that has ended, the step first.
    mutating func endStep(_ id: String, of state: TurnState, from start: Timestamp, to end: Timestamp) -> [Span] {
        var span = Span("agent_step", step, in: turn.spanID, from: start, to: end)
        span.attributes = [
            "step_id": .string(id), "letta.run.id": .string(state.run.id.rawValue),
            "gen_ai.agent.id": .string(state.agent.id.rawValue), "model": .string(state.config.model),
        ]
        span.status = .ok
        exporter?.record([span])
        defer { (spans, stepStart, step) = ([], nil, turn.child()) }
        return [span] + spans
    }

    /// Hands over the span of the turn.
    func end(_ end: TurnEnd, of state: TurnState, from start: Timestamp, to time: Timestamp) {
        guard let exporter else { return }
        var span = Span("invoke_agent \(state.agent.name)", turn, in: parentID, from: start, to: time)
        span.attributes = [
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.id": .string(state.agent.id.rawValue),
            "gen_ai.agent.name": .string(state.agent.name), "gen_ai.request.model": .string(state.config.model),
            "gen_ai.usage.input_tokens": .int(Int64(end.usage.promptTokens)),
            "gen_ai.usage.output_tokens": .int(Int64(end.usage.completionTokens)),
            "letta.run.id": .string(state.run.id.rawValue), "letta.stop_reason": .string(end.stop.rawValue),
        ]
        if let conversation = state.memory.conversation {
            span.attributes["gen_ai.conversation.id"] = .string(conversation.rawValue)
        }
        if let failure = end.failure {
            span.attributes["error.type"] = .string(failure.type)
            span.status = .error(failure.message)
        } else {
            span.status = end.stop.runStatus == "completed" ? .ok : .unset
        }
        exporter.record([span])
    }
}

extension Span {
    /// A call of the model.
    init(
        _ request: ModelRequest, _ result: Result<ModelAnswer?, ProviderFailure>, by state: TurnState,
        _ context: TraceContext, in parentID: String, from start: Timestamp, to end: Timestamp
    ) {
        self.init("chat \(state.config.model)", context, in: parentID, from: start, to: end)
        kind = .client
        attributes = [
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": .string(state.provider.settings.name),
            "gen_ai.request.model": .string(state.config.model), "gen_ai.agent.id": .string(state.agent.id.rawValue),
        ]
        if let most = request.maxOutputTokens { attributes["gen_ai.request.max_tokens"] = .int(Int64(most)) }
        switch result {
        case .success(let answer):
            if let usage = answer?.usage {
                attributes["gen_ai.usage.input_tokens"] = .int(Int64(usage.promptTokens))
                attributes["gen_ai.usage.output_tokens"] = .int(Int64(usage.completionTokens))
            }
            if let answer { attributes["gen_ai.response.finish_reasons"] = [.string("\(answer.finishReason)")] }
            status = answer == nil ? .unset : .ok
        case .failure(let failure):
            attributes["error.type"] = .string("\(failure.kind)")
            status = .error(failure.message)
        }
    }

    /// The tries of a call of the model: those that failed, and the last one.
    static func tries(
        _ request: ModelRequest, _ result: Result<ModelAnswer?, ProviderFailure>, _ tries: ModelTries,
        by state: TurnState, _ context: TraceContext, in step: TraceContext, to end: Timestamp
    ) -> [Span] {
        let failed = tries.failed.enumerated().map { index, one in
            var span = Span(
                request, .failure(one.failure), by: state, step.child(), in: step.spanID,
                from: Timestamp(microseconds: one.start), to: Timestamp(microseconds: one.end))
            span.attributes["letta.try"] = .int(Int64(index + 1))
            return span
        }
        var last = Span(
            request, result, by: state, context, in: step.spanID, from: Timestamp(microseconds: tries.start), to: end)
        if !failed.isEmpty { last.attributes["letta.try"] = .int(Int64(failed.count + 1)) }
        return failed + [last]
    }

    /// A compaction.
    init(
        _ stats: CompactionStats, _ context: TraceContext, in parentID: String, from start: Timestamp, to end: Timestamp
    ) {
        self.init("compact_context", context, in: parentID, from: start, to: end)
        attributes = [
            "letta.compaction.trigger": .string(stats.trigger),
            "letta.compaction.messages_before": .int(Int64(stats.messagesBefore)),
            "letta.compaction.messages_after": .int(Int64(stats.messagesAfter)),
        ]
        if let tokens = stats.tokensBefore { attributes["letta.compaction.tokens_before"] = .int(Int64(tokens)) }
        if let tokens = stats.tokensAfter { attributes["letta.compaction.tokens_after"] = .int(Int64(tokens)) }
        status = .ok
    }

    /// The time from a request for an approval to its answer.
    init(waitingFor message: TurnMessage, in turn: TraceContext, to end: Timestamp) {
        let start = Timestamp(microseconds: message.createdAt)
        self.init("wait_for_approval", turn.child(), in: turn.spanID, from: start, to: end)
        let tools = message.toolCalls.filter(\.needsApproval).map { JSONValue.string($0.name) }
        attributes = ["tools": .array(tools)]
        status = .ok
    }

    /// A call of a tool.
    init(
        _ call: ToolRun, _ result: ToolResult, _ context: TraceContext, in parentID: String, from start: Timestamp,
        to end: Timestamp
    ) {
        self.init("execute_tool \(call.tool)", context, in: parentID, from: start, to: end)
        attributes = [
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": .string(call.tool),
            "gen_ai.tool.call.id": .string(call.callID), "gen_ai.tool.type": "function",
        ]
        if result.outcome.succeeded {
            status = .ok
        } else {
            attributes["error.type"] = "tool_error"
            status = .error("The tool returned an error.")
        }
    }
}
