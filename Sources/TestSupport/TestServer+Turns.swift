package import JSON
import LettaAPI
import Testing

// Turns of agents.
extension TestServer {
    /// Creates an agent with a block `human` that holds `Ann`, and returns the agent's id.
    package func newAgent(_ fields: JSONObject = [:]) async throws -> String {
        var body: JSONObject = [
            "name": "Ada", "model": "openai-proxy/gpt-4o-mini",
            "memory_blocks": [["label": "human", "value": "Ann", "limit": 100]],
        ]
        for (key, value) in fields { body[key] = value }
        let answer = try await send(.post, "/v1/agents/", .object(body))
        try #require(answer.status == 200, "\(answer.text)")
        return answer.id
    }

    /// Sends a text to an agent and waits for the end of the turn.
    package func say(_ text: String, to agent: String, _ fields: JSONObject = [:]) async throws -> Answer {
        try await send(.post, "/v1/agents/\(agent)/messages", Self.body(text, fields))
    }

    /// Sends a text to an agent and collects the stream of the turn.
    package func stream(_ text: String, to agent: String, _ fields: JSONObject = [:]) async throws -> [StreamedEvent] {
        let answer = try await send(.post, "/v1/agents/\(agent)/messages/stream", Self.body(text, fields))
        try #require(answer.status == 200, "\(answer.text)")
        return StreamedEvent.all(in: answer.text)
    }

    /// Follows a background run to its end.
    package func follow(_ run: String, _ fields: JSONObject = [:]) async throws -> [StreamedEvent] {
        let answer = try await send(.post, "/v1/runs/\(run)/stream", .object(fields))
        try #require(answer.status == 200, "\(answer.text)")
        return StreamedEvent.all(in: answer.text)
    }

    /// The entries of an agent's message list, as `type: text`, oldest first, without the system message.
    package func said(by agent: String) async throws -> [String] {
        let list = try await get("/v1/agents/\(agent)/messages?limit=1000")
        let entries = try #require(list.json.array, "\(list.text)")
        return entries.compactMap { entry in
            guard let type = entry["message_type"]?.string, type != "system_message" else { return nil }
            return "\(type): \(entry["content"]?.string ?? entry["tool_return"]?.string ?? "")"
        }
    }

    private static func body(_ text: String, _ fields: JSONObject) -> JSONValue {
        var body = fields
        body["input"] = .string(text)
        return .object(body)
    }
}
