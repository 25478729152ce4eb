import AgentEngine
import JSON
import LettaAPI

/// Converts the messages of an agent file to rows. Parts of kinds that this server does not know are stored unchanged, so
/// that the next export has them.
struct MessageImport {
    let agent: ID<AgentState>
    let loop: AgentLoop
    /// The tools whose calls wait for approval.
    let approvalTools: Set<String>
    /// For messages that have none.
    let time: Timestamp

    /// - Parameter place: where the message is in the file.
    /// - Throws: `APIError` 400 that names the field.
    func row(
        _ entry: AgentFileDocument.MessageEntry, id: ID<Message>, position: Int, place: String
    ) throws -> MessageRow {
        let content = try content(of: entry, place)
        let role: TurnMessage.Role
        var parts: [JSONValue]
        switch entry.role {
        case "system": (role, parts) = (.system, content)
        case "user", "summary": (role, parts) = (.user, content)
        case "assistant": (role, parts) = (.assistant, try assistant(entry, content, isApproval: false, place))
        case "approval" where entry.toolCalls?.isEmpty == false:
            (role, parts) = (.assistant, try assistant(entry, content, isApproval: true, place))
        case "approval": (role, parts) = (.tool, decisions(of: entry))
        case "tool", "function": (role, parts) = (.tool, results(of: entry, content))
        default:
            throw AgentFileProblem.at("\(place).role", "'\(entry.role)' is no role of a message")
        }
        let created = entry.createdAt ?? time
        let message = TurnMessage(
            id: id.rawValue, role: role, parts: parts.compactMap(TurnMessage.Part.init(json:)), name: entry.name,
            otid: entry.otid, senderID: entry.senderID, createdAt: created.microseconds)
        var row = MessageRow(message, agentID: agent, position: position, model: entry.model)
        row.content = RawJSON(JSONValue.array(parts))
        return row
    }

    // MARK: Parts

    private func content(of entry: AgentFileDocument.MessageEntry, _ place: String) throws -> [JSONValue] {
        switch entry.content {
        case nil, .null?: return []
        case .string(let text)?: return [TurnMessage.Part.text(text).json]
        case .array(let items)?:
            return try items.enumerated().map { index, item in
                guard let type = item["type"]?.string, type != "approval" else {
                    throw AgentFileProblem.at("\(place).content.\(index)", "a part needs a type of content")
                }
                return item
            }
        default:
            throw AgentFileProblem.at("\(place).content", "neither a text nor a list of parts")
        }
    }

    private func assistant(
        _ entry: AgentFileDocument.MessageEntry, _ content: [JSONValue], isApproval: Bool, _ place: String
    ) throws -> [JSONValue] {
        var said = content.filter { $0["type"]?.string != "tool_call" }
        var calls = try (entry.toolCalls ?? []).enumerated().map { index, call in
            try self.call(
                id: call["id"], name: call["function"]?["name"], arguments: call["function"]?["arguments"],
                "\(place).tool_calls.\(index)")
        }
        for (index, part) in content.enumerated() where part["type"]?.string == "tool_call" {
            let call = try self.call(
                id: part["id"], name: part["name"], arguments: part["input"], "\(place).content.\(index)")
            if !calls.contains(where: { $0.id == call.id }) { calls.append(call) }
        }
        if isApproval {
            let named = calls.contains { approvalTools.contains($0.name) }
            for index in calls.indices {
                calls[index].needsApproval = !named || approvalTools.contains(calls[index].name)
            }
        }
        // Other servers have the thought that comes with a call as text.
        let thinks = loop == .heartbeat && !calls.isEmpty && !said.contains { $0["type"]?.string == "reasoning" }
        if thinks, let index = said.firstIndex(where: { $0["type"]?.string == "text" }),
            let text = said[index]["text"]?.string
        {
            said[index] = TurnMessage.Part.reasoning(.init(text, isNative: false)).json
        }
        return said + calls.map { TurnMessage.Part.toolCall($0).json }
    }

    private func call(
        id: JSONValue?, name: JSONValue?, arguments: JSONValue?, _ place: String
    ) throws -> TurnMessage.ToolCall {
        guard let id = id?.string, let name = name?.string else {
            throw AgentFileProblem.at(place, "a tool call needs an id and a name")
        }
        let text = arguments?.string ?? JSONWriter.string(of: arguments ?? .object([:]))
        return TurnMessage.ToolCall(id: id, name: name, arguments: text, loop: loop)
    }

    /// The results of a message of a tool. Its text repeats the first of them.
    private func results(of entry: AgentFileDocument.MessageEntry, _ content: [JSONValue]) -> [JSONValue] {
        let texts = content.compactMap { $0["type"]?.string == "text" ? $0["text"]?.string : nil }
        var returns = entry.toolReturns ?? []
        if returns.isEmpty {
            returns = content.filter { $0["type"]?.string == "tool_return" }.map { part in
                [
                    "tool_call_id": part["tool_call_id"] ?? .null, "func_response": part["content"] ?? .null,
                    "status": part["is_error"]?.bool == true ? "error" : "success",
                ]
            }
        }
        if returns.isEmpty, entry.toolCallID != nil { returns = [[:]] }
        let results = returns.map { item in
            result(of: item, callID: entry.toolCallID, text: texts.joined(separator: "\n"))
        }
        let others = content.filter { !["text", "tool_return"].contains($0["type"]?.string) }
        return results.map { TurnMessage.Part.toolReturn($0).json } + others
    }

    private func result(of item: JSONValue, callID: String?, text: String) -> TurnMessage.ToolReturn {
        var response = item["func_response"] ?? .null
        if response.isNull { response = .string(text) }
        let unpacked = response.string.flatMap(Self.unpacked)
        var result = TurnMessage.ToolReturn(
            callID: item["tool_call_id"]?.string ?? callID ?? "", result: unpacked?.result ?? response,
            succeeded: item["status"]?.string.map { $0 == "success" } ?? unpacked?.succeeded ?? true,
            stdout: item["stdout"]?.array?.compactMap(\.string), stderr: item["stderr"]?.array?.compactMap(\.string))
        result.loop = loop
        return result
    }

    /// The result inside the JSON that the model is shown; nil for any other text.
    private static func unpacked(_ text: String) -> (result: JSONValue, succeeded: Bool)? {
        guard text.hasPrefix("{"), let object = (try? JSONParser().parse(text))?.object, object.count == 3,
            let status = object["status"]?.string, ["OK", "Failed"].contains(status),
            let message = object["message"], object["time"]?.string != nil
        else { return nil }
        return (message, status == "OK")
    }

    private func decisions(of entry: AgentFileDocument.MessageEntry) -> [JSONValue] {
        var items = entry.approvals ?? []
        if items.isEmpty, let approve = entry.approve {
            items = [
                [
                    "type": "approval", "tool_call_id": .string(entry.approvalRequestID ?? ""),
                    "approve": .bool(approve),
                    "reason": entry.denialReason.map { .string($0) } ?? .null,
                ]
            ]
        }
        return items.map { item in
            var decision: JSONObject = [
                "type": "approval", "tool_call_id": item["tool_call_id"] ?? .string(""),
                "approve": item["approve"] ?? true, "reason": item["reason"] ?? .null,
            ]
            guard item["approve"] == nil else { return .object(decision) }
            decision["tool_return"] = TurnMessage.Part.toolReturn(result(of: item, callID: nil, text: "")).json
            return .object(decision)
        }
    }
}
