import JSON
import LettaServer

/// A message as a server lists it: one or several elements with its id.
struct ListedMessage: Sendable {
    var id: String
    var origin: AgentTransfer.Source.Origin
    /// To the second.
    var time: String
    /// The roles in files of what it is shown as.
    var roles: Set<String>
    private(set) var elements: [JSONValue]

    /// Of a time like `2026-11-30T13:25:58`.
    static let secondsLength = 19

    private static let roles: [String: Set<String>] = [
        "system_message": ["system"], "user_message": ["user"], "event_message": ["user"],
        "summary_message": ["user", "summary"], "reasoning_message": ["assistant", "approval"],
        "hidden_reasoning_message": ["assistant", "approval"], "assistant_message": ["assistant", "approval"],
        "tool_call_message": ["assistant", "approval"], "approval_request_message": ["approval"],
        "approval_response_message": ["approval"], "tool_return_message": ["tool", "function"],
    ]

    /// - Parameter elements: of a list, in order.
    static func messages(_ elements: [JSONValue]) -> [ListedMessage] {
        var messages: [ListedMessage] = []
        for element in elements {
            guard let id = element["id"]?.string, let roles = roles[element["message_type"]?.string ?? ""] else {
                continue
            }
            if messages.last?.id == id {
                messages[messages.count - 1].elements.append(element)
                continue
            }
            messages.append(
                ListedMessage(
                    id: id, origin: .init(run: element["run_id"]?.string, step: element["step_id"]?.string),
                    time: String((element["date"]?.string ?? "").prefix(secondsLength)), roles: roles,
                    elements: [element]))
        }
        return messages
    }

    // MARK: As a file has it

    /// The message in the form of a file, as far as the list shows it: some servers put only a part of the messages into
    /// files.
    var entry: JSONValue {
        var entry = elements[0].members("id", "name", "otid", "sender_id")
        entry["created_at"] = elements[0]["date"] ?? .null
        var content: [JSONValue] = []
        var calls: [JSONValue] = []
        var role = ""
        for element in elements {
            switch element["message_type"]?.string {
            case "system_message": role = "system"
            case "user_message", "event_message", "summary_message": role = "user"
            case "tool_return_message":
                role = "tool"
                entry["tool_returns"] = .array(Self.returns(element))
            case "approval_response_message":
                role = "approval"
                entry["approvals"] = .array((element["approvals"]?.array ?? []).map(Self.decision))
                entry["approve"] = element["approve"] ?? .null
                entry["approval_request_id"] = element["approval_request_id"] ?? .null
                entry["denial_reason"] = element["reason"] ?? .null
            case "approval_request_message":
                role = "approval"
                calls += Self.calls(element)
            default:
                if role != "approval" { role = "assistant" }
                calls += Self.calls(element)
            }
            content += Self.content(element)
        }
        entry["role"] = .string(role)
        entry["content"] = .array(content)
        if !calls.isEmpty { entry["tool_calls"] = .array(calls) }
        return .object(entry)
    }

    /// What tells a message of a file from others of its second: the ids of its calls or results, else what it says.
    static func text(of entry: JSONValue) -> String {
        let calls = (entry["tool_calls"]?.array ?? []).compactMap { $0["id"]?.string }
        let results = (entry["tool_returns"]?.array ?? []).compactMap { $0["tool_call_id"]?.string }
        guard calls.isEmpty, results.isEmpty else { return (calls + results).joined(separator: " ") }
        if let text = entry["content"]?.string { return text }
        return (entry["content"]?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }

    private static func content(_ element: JSONValue) -> [JSONValue] {
        if let thought = element["reasoning"]?.string {
            var part: JSONObject = ["type": "reasoning", "reasoning": .string(thought)]
            part["is_native"] = .bool(element["source"]?.string == "reasoner_model")
            part["signature"] = element["signature"] ?? .null
            return [.object(part)]
        }
        let said = element["content"] ?? element["summary"] ?? element["event_data"]
        switch said {
        case .array(let parts)?: return parts
        case .string(let text)?: return [["type": "text", "text": .string(text)]]
        default: return []
        }
    }

    private static func calls(_ element: JSONValue) -> [JSONValue] {
        let calls = element["tool_calls"]?.array ?? [element["tool_call"] ?? .null]
        return calls.filter { !$0.isNull }.map { call in
            [
                "id": call["tool_call_id"] ?? .null, "type": "function",
                "function": ["name": call["name"] ?? .null, "arguments": call["arguments"] ?? .null],
            ]
        }
    }

    /// Once a message had one result alone.
    private static func returns(_ element: JSONValue) -> [JSONValue] {
        (element["tool_returns"]?.array ?? [element]).map(result)
    }

    private static func result(_ item: JSONValue) -> JSONValue {
        var result = item.members("tool_call_id", "status", "stdout", "stderr")
        result["func_response"] = item["tool_return"] ?? .null
        return .object(result)
    }

    private static func decision(_ item: JSONValue) -> JSONValue { item["tool_return"] == nil ? item : result(item) }
}
