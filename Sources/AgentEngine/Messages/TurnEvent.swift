package import JSON

/// One event of a run's log, and of the stream made from it.
package enum TurnEvent: Sendable, Hashable {
    /// Shows that the run is alive.
    case ping(id: String, runID: String?, at: Int64, sequence: Int64?)
    /// An entry of the conversation, or a delta of one.
    case message(WireMessage)
    case stopReason(TurnStop)
    case usage(TurnUsage)
    case failure(TurnFailure, runID: String?)

    /// The `event:` field of the stream; nil for events that have none.
    package var streamName: String? {
        if case .failure = self { "error" } else { nil }
    }
}

extension TurnEvent: JSONWritable {
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .ping(let id, let runID, let at, let sequence):
            writer.object {
                $0.field("id", id)
                $0.field("date", WireDate.text(microseconds: at))
                $0.field("name", JSONValue.null)
                $0.field("message_type", "ping")
                $0.field("otid", JSONValue.null)
                $0.field("sender_id", JSONValue.null)
                $0.field("step_id", JSONValue.null)
                $0.field("is_err", JSONValue.null)
                $0.field("seq_id", sequence)
                $0.field("run_id", runID)
            }
        case .message(let message):
            message.write(to: &writer)
        case .stopReason(let reason):
            writer.object {
                $0.field("message_type", "stop_reason")
                $0.field("stop_reason", reason.rawValue)
            }
        case .usage(let usage):
            usage.write(to: &writer)
        case .failure(let failure, let runID):
            writer.object {
                $0.field("message_type", "error_message")
                $0.field("run_id", runID)
                $0.field("error_type", failure.type)
                $0.field("message", failure.message)
                $0.field("detail", failure.detail)
                $0.field("seq_id", JSONValue.null)
            }
        }
    }
}

/// Why a turn ended; raw values are the `stop_reason` on the wire.
package enum TurnStop: String, Sendable, Hashable, CaseIterable {
    case endTurn = "end_turn"
    case maxSteps = "max_steps"
    case toolRule = "tool_rule"
    case requiresApproval = "requires_approval"
    case error
    case invalidModelResponse = "invalid_llm_response"
    case modelError = "llm_api_error"
    case maxTokensExceeded = "max_tokens_exceeded"
    case insufficientCredits = "insufficient_credits"
    case cancelled
    case systemPromptOverflow = "context_window_overflow_in_system_prompt"

    /// The resulting status of the run: `completed`, `failed` or `cancelled`.
    package var runStatus: String {
        switch self {
        case .endTurn, .maxSteps, .toolRule, .requiresApproval: "completed"
        case .error, .invalidModelResponse, .modelError, .maxTokensExceeded, .insufficientCredits,
            .systemPromptOverflow:
            "failed"
        case .cancelled: "cancelled"
        }
    }
}
