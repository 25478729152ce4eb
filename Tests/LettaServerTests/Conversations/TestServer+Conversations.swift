import JSON
import LettaAPI
import TestSupport
import Testing

// Turns in conversations.
extension TestServer {
    /// Creates a conversation with an agent and returns its id.
    func newConversation(with agent: String, _ fields: JSONObject = [:]) async throws -> String {
        let answer = try await send(.post, "/v1/conversations/?agent_id=\(agent)", .object(fields))
        try #require(answer.status == 200, "\(answer.text)")
        return answer.id
    }

    /// Sends a text in a conversation and waits for the end of the turn.
    func say(
        _ text: String, in conversation: String, _ fields: JSONObject = [:], as caller: TestCaller = .v1
    ) async throws -> Answer {
        var body = fields
        body["streaming"] = false
        body["messages"] = [["role": "user", "content": .string(text)]]
        return try await send(.post, "/v1/conversations/\(conversation)/messages", .object(body), as: caller)
    }

    /// Sends a text in a conversation and collects the stream of the turn.
    func stream(_ text: String, in conversation: String, _ fields: JSONObject = [:]) async throws -> [StreamedEvent] {
        var body = fields
        body["input"] = .string(text)
        let answer = try await send(.post, "/v1/conversations/\(conversation)/messages", .object(body))
        try #require(answer.status == 200, "\(answer.text)")
        return StreamedEvent.all(in: answer.text)
    }

    /// The entries of a conversation as `type: text`, oldest first, without the system message.
    func said(in conversation: String) async throws -> [String] {
        let list = try await get("/v1/conversations/\(conversation)/messages?order=asc&limit=1000")
        return try #require(list.json.array, "\(list.text)").compactMap { entry in
            guard let type = entry["message_type"]?.string, type != "system_message" else { return nil }
            return "\(type): \(entry["content"]?.string ?? entry["tool_return"]?.string ?? "")"
        }
    }
}
