import AgentEngine
import JSON
import LettaAPI

/// The message at which an agent waits for a client.
struct PendingApproval: Sendable {
    let message: TurnMessage

    /// - Parameter end: the agent's last message and those after it; nil when it does not wait.
    init?(atEnd end: [TurnMessage]) {
        guard let last = end.first(where: { $0.role == .assistant }), last.toolCalls.contains(where: \.needsApproval),
            !end.contains(where: { $0.role == .tool })
        else { return nil }
        message = last
    }

    private var callIDs: [String] { message.toolCalls.filter(\.needsApproval).map(\.id) }

    /// The error for a message that can't be sent while the agent waits.
    var conflict: APIError {
        let text =
            "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. Please approve or "
            + "deny the pending request before continuing."
        return APIError(status: 409, body: .pendingApproval(message: text, requestID: message.id))
    }

    /// The decisions by the ids of the calls; nil when they answer other calls.
    func decisions(_ answers: [ApprovalDecision]) -> [ApprovalDecision]? {
        if answers.count == 1, answers[0].callID == message.id {
            return callIDs.map { id in
                var decision = answers[0]
                decision.callID = id
                return decision
            }
        }
        guard answers.count == callIDs.count, Set(answers.map(\.callID)) == Set(callIDs) else { return nil }
        return answers
    }

    /// 400: the answers are to other calls.
    func mismatch(_ answers: [ApprovalDecision]) -> APIError {
        func list(_ ids: [String]) -> String { "[\(ids.map { "'\($0)'" }.joined(separator: ", "))]" }
        if answers.count == 1, answers[0].callID.hasPrefix("message-") {
            return APIError(
                400, "Invalid approval request ID. Expected '\(message.id)' but received '\(answers[0].callID)'.")
        }
        return APIError(
            400, "Invalid tool call IDs. Expected '\(list(callIDs))', but received '\(list(answers.map(\.callID)))'.")
    }

    static let nothingWaits = APIError(
        400,
        "Cannot process approval response: No tool call is currently awaiting approval. Please send a regular message "
            + "to interact with the agent.")

    /// The results of calls that will not be answered any more.
    func closing(because reason: String, id: String, at time: Timestamp) -> TurnMessage {
        let results = message.toolCalls.map { call in
            call.needsApproval
                ? TurnMessage.ToolReturn.denied(call.id, because: reason)
                : TurnMessage.ToolReturn(
                    callID: call.id, result: .string("Error: \(call.name) did not run. \(reason)"), succeeded: false)
        }
        return TurnMessage(
            id: id, role: .tool, parts: results.map { .toolReturn($0) }, name: message.toolCalls.first?.name,
            stepID: message.stepID, createdAt: time.microseconds)
    }
}
