package import JSON

/// A client's answer to a call that waits: whether it may run, or what came of it where the client ran it.
package struct ApprovalDecision: Sendable, Hashable {
    /// The call's id; in the form of older clients, the id of the message with the calls.
    package var callID: String
    package var approves: Bool
    package var reason: String?
    /// The text of a JSON object that replaces the arguments of an approved call; nil to run it as the model wrote it.
    package var arguments: String?
    /// The result of a tool that the client ran.
    package var toolReturn: TurnMessage.ToolReturn?

    package init(
        callID: String, approves: Bool, reason: String? = nil, toolReturn: TurnMessage.ToolReturn? = nil
    ) {
        self.callID = callID
        self.approves = approves
        self.reason = reason
        self.toolReturn = toolReturn
    }

    /// The decision as it is stored.
    package var json: JSONValue {
        var json: JSONObject = [
            "type": "approval", "tool_call_id": .string(callID), "approve": .bool(approves),
            "reason": reason.map { .string($0) } ?? .null,
        ]
        if let arguments { json["arguments"] = .string(arguments) }
        if let toolReturn { json["tool_return"] = TurnMessage.Part.toolReturn(toolReturn).json }
        return .object(json)
    }

    /// Reads what `json` wrote; nil for anything else.
    package init?(json: JSONValue) {
        guard let callID = json["tool_call_id"]?.string, let approves = json["approve"]?.bool else { return nil }
        self.init(callID: callID, approves: approves, reason: json["reason"]?.string)
        arguments = json["arguments"]?.string
        if let given = json["tool_return"].flatMap(TurnMessage.Part.init(json:)), case .toolReturn(let value) = given {
            toolReturn = value
        }
    }
}

extension WireMessage.Body {
    /// Older clients read one decision: they get the first.
    static func writeFields(of decisions: [ApprovalDecision], to writer: inout JSONWriter) {
        let first = decisions.first { $0.toolReturn == nil }
        writer.field("approvals", decisions.map(\.wire))
        writer.field("approve", first.map { JSONValue.bool($0.approves) } ?? .null)
        writer.field("approval_request_id", first?.callID)
        writer.field("reason", first?.reason)
    }
}

extension ApprovalDecision {
    fileprivate var wire: JSONValue {
        guard let toolReturn else { return json }
        func list(_ lines: [String]?) -> JSONValue { lines.map { .array($0.map { .string($0) }) } ?? .null }
        return [
            "type": "tool", "tool_return": toolReturn.result,
            "status": toolReturn.succeeded ? "success" : "error", "tool_call_id": .string(callID),
            "stdout": list(toolReturn.stdout), "stderr": list(toolReturn.stderr),
        ]
    }
}
