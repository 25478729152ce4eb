import AgentEngine
import JSON
import LettaAPI

extension AgentFileDocument.MessageEntry {
    /// A stored message as a file has it. Parts are converted as JSON, so that kinds of parts that are unknown here pass
    /// unchanged.
    ///
    /// - Parameter zone: the agent's, for the times in results.
    init(_ row: MessageRow, id: String, agent: String, zone: String) throws {
        self.init(id: id, role: row.role.rawValue)
        // Every message of a file has one; where a client gave none it is derived, so that it stays the same.
        otid = row.otid ?? String(row.id.rawValue.dropFirst(Message.idPrefix.count + 1))
        name = row.name
        senderID = row.senderID
        model = row.model
        agentID = agent
        createdAt = row.createdAt
        let time = ZonedTime.promptTextOrUTC(microseconds: row.createdAt.microseconds, zone: zone)
        var (content, calls, returns, decisions): ([JSONValue], [JSONValue], [JSONValue], [JSONValue]) = (
            [], [], [], []
        )
        for part in try row.content.value().array ?? [] {
            switch part["type"]?.string {
            case "tool_call":
                calls.append([
                    "id": part["id"] ?? .null, "type": "function",
                    "function": ["name": part["name"] ?? .null, "arguments": part["arguments"] ?? .null],
                ])
                if part["needs_approval"]?.bool == true { role = "approval" }
            case "tool_return":
                let result = MessageRow.toolReturn(part, at: time)
                returns.append(result)
                if let text = MessageRow.text(of: result) { content.append(text) }
            case "approval":
                role = "approval"
                decisions.append(Self.decision(part, at: time))
            default:
                content.append(part)
            }
        }
        self.content = .array(content)
        toolCalls = calls.isEmpty ? nil : calls
        toolReturns = returns
        toolCallID = returns.first?["tool_call_id"]?.string
        approvals = decisions
        if let first = decisions.first(where: { $0["type"]?.string == "approval" }) {
            approve = first["approve"]?.bool
            denialReason = first["reason"]?.string
            approvalRequestID = first["tool_call_id"]?.string
        }
    }

    private static func decision(_ part: JSONValue, at time: String) -> JSONValue {
        guard let result = part["tool_return"], !result.isNull else { return part }
        return MessageRow.toolReturn(result, at: time)
    }
}
