import JSON

/// Repairs a history so that every provider accepts it: each call is followed by its result, each result has a call.
///
/// A history breaks when the server is killed between a call and its result, or when messages were imported partially.
package enum HistoryRepair {
    /// The calls of one message that have no result.
    package struct OpenCalls: Sendable, Hashable {
        package var messageID: String
        package var calls: [TurnMessage.ToolCall]
    }

    /// The calls without a result, in the order of the history; includes those that await approval.
    package static func openCalls(in history: [TurnMessage]) -> [OpenCalls] {
        history.indices.compactMap { place in
            let calls = history[place].toolCalls
            let answered = Set(returns(after: place, in: history).map(\.callID))
            let open = calls.filter { !answered.contains($0.id) }
            return open.isEmpty ? nil : OpenCalls(messageID: history[place].id, calls: open)
        }
    }

    /// The message that closes open calls with an error, to be stored after the message with the calls.
    package static func closing(
        _ calls: [TurnMessage.ToolCall], id: String, stepID: String?, runID: String?, createdAt: Int64
    ) -> TurnMessage {
        TurnMessage(
            id: id, role: .tool, parts: calls.map { .toolReturn(interrupted($0)) }, name: calls.first?.name,
            stepID: stepID, runID: runID, createdAt: createdAt)
    }

    /// The history with each call's result right after it, an error where it is missing, and without orphans.
    ///
    /// The results of one message's calls become one message, in the order of the calls.
    package static func repaired(_ history: [TurnMessage]) -> [TurnMessage] {
        var result: [TurnMessage] = []
        for place in history.indices where history[place].role != .tool {
            var message = history[place]
            message.edit(by: history[(place + 1)...].prefix { $0.role != .assistant }.flatMap(\.approvals))
            result.append(message)
            let calls = message.toolCalls
            guard !calls.isEmpty else { continue }
            let found = returns(after: place, in: history)
            let parts = calls.map { call in
                TurnMessage.Part.toolReturn(found.first { $0.callID == call.id } ?? interrupted(call))
            }
            let stored = resultMessages(after: place, in: history).first
            result.append(
                TurnMessage(
                    id: stored?.id ?? message.id, role: .tool, parts: parts, name: calls[0].name,
                    stepID: message.stepID, runID: message.runID, createdAt: stored?.createdAt ?? message.createdAt))
        }
        return result
    }

    static func interrupted(_ call: TurnMessage.ToolCall) -> TurnMessage.ToolReturn {
        TurnMessage.ToolReturn(
            callID: call.id,
            result: .string(
                "Error: the call of \(call.name) was interrupted and has no result. It may have taken effect."),
            succeeded: false)
    }

    /// The messages with results that may belong to the message at `place`: those before the next assistant message.
    private static func resultMessages(after place: Int, in history: [TurnMessage]) -> [TurnMessage] {
        history[(place + 1)...].prefix { $0.role != .assistant }.filter { $0.role == .tool && !$0.toolReturns.isEmpty }
    }

    private static func returns(after place: Int, in history: [TurnMessage]) -> [TurnMessage.ToolReturn] {
        guard !history[place].toolCalls.isEmpty else { return [] }
        return resultMessages(after: place, in: history).flatMap(\.toolReturns)
    }
}
