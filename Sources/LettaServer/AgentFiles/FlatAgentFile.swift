import JSON

/// Converts the older format, one agent with its blocks, tools and messages inside of it.
enum FlatAgentFile {
    static func isFlat(_ object: JSONObject) -> Bool {
        object["agents"] == nil && object["core_memory"]?.array != nil && object["messages"]?.array != nil
    }

    static func converted(_ flat: JSONObject) -> JSONObject {
        let blocks = numbered(flat["core_memory"], "block")
        let tools = numbered(flat["tools"], "tool")
        let messages = numbered(flat["messages"], "message")
        var agent = JSONObject()
        for name in copied { agent[name] = flat[name] ?? .null }
        agent["id"] = "agent-0"
        agent["metadata"] = flat["metadata_"] ?? .null
        agent["tags"] = .array((flat["tags"]?.array ?? []).compactMap { $0["tag"] ?? ($0.string != nil ? $0 : nil) })
        var secrets = JSONObject()
        for variable in flat["tool_exec_environment_variables"]?.array ?? [] {
            if let key = variable["key"]?.string { secrets[key] = variable["value"] ?? "" }
        }
        agent["secrets"] = .object(secrets)
        agent["block_ids"] = ids(blocks)
        agent["tool_ids"] = ids(tools)
        agent["messages"] = .array(messages)
        // A negative or too large index names no message: the check of the document says so.
        agent["in_context_message_ids"] = .array(
            (flat["in_context_message_indices"]?.array ?? []).map { .string("message-\($0.int ?? -1)") })
        return [
            "agents": [.object(agent)], "groups": [], "blocks": .array(blocks), "files": [], "sources": [],
            "tools": .array(tools), "mcp_servers": [], "skills": [],
            "metadata": ["converted_from": flat["version"] ?? ""],
        ]
    }

    /// What has the same name and form in both.
    private static let copied = [
        "name", "system", "agent_type", "description", "llm_config", "embedding_config", "tool_rules",
        "message_buffer_autoclear", "timezone", "response_format",
    ]

    /// The objects of a list with ids, and with their metadata under its newer name too.
    private static func numbered(_ list: JSONValue?, _ prefix: String) -> [JSONValue] {
        (list?.array ?? []).enumerated().map { index, item in
            var object = item.object ?? [:]
            object["id"] = .string("\(prefix)-\(index)")
            if let metadata = object["metadata_"] { object["metadata"] = metadata }
            return .object(object)
        }
    }

    private static func ids(_ items: [JSONValue]) -> JSONValue { .array(items.compactMap { $0["id"] }) }
}
