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

    mutating func beginStep() {
        step = turn.child()
        spans = []
    }

    mutating func add(_ span: Span) {
        spans.append(span)
        exporter?.record([span])
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
        defer { spans = [] }
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
