import HTTPKit
import LettaAPI

/// What the operations need of an access token. What is not here is refused to all tokens.
enum AccessTokenRules {
    static let rules: [String: AccessRule] = readingAgent.merging(writingAgent) { $1 }
        .merging(readingMessages) { $1 }.merging(writingMessages) { $1 }

    private static let agent = "/v1/agents/{agent_id}"

    private static let readingAgent: [String: AccessRule] = [
        "GET \(agent)": AccessRule(.agent, .readAgent),
        "GET \(agent)/core-memory": AccessRule(.agent, .readAgent),
        "GET \(agent)/core-memory/blocks": AccessRule(.agent, .readAgent),
        "GET \(agent)/core-memory/blocks/{block_label}": AccessRule(.agent, .readAgent),
        "GET \(agent)/core-memory/variables": AccessRule(.agent, .readAgent),
        "GET \(agent)/archival-memory": AccessRule(.agent, .readAgent),
        "GET \(agent)/archival-memory/search": AccessRule(.agent, .readAgent),
    ]

    /// Nothing that attaches what others own, or makes the agent run other tools or models.
    private static let writingAgent: [String: AccessRule] = [
        "PATCH \(agent)": AccessRule(
            .agent, .writeAgent, members: ["name", "description", "metadata", "tags", "timezone"], answer: .readAgent),
        "PATCH \(agent)/core-memory/blocks/{block_label}": AccessRule(
            .agent, .writeAgent, members: ["value", "description", "metadata", "limit"], answer: .readAgent,
            writesBlock: true),
        "POST \(agent)/archival-memory": AccessRule(.agent, .writeAgent, answer: .readAgent),
        "DELETE \(agent)/archival-memory/{memory_id}": AccessRule(.agent, .writeAgent),
    ]

    private static let readingMessages: [String: AccessRule] = [
        "GET \(agent)/messages": AccessRule(.agent, .readMessages),
        "GET /v1/messages/{message_id}": AccessRule(.message, .readMessages),
        "GET /v1/runs/{run_id}": AccessRule(.run, .readMessages),
        "GET /v1/runs/{run_id}/messages": AccessRule(.run, .readMessages),
        "GET /v1/runs/{run_id}/usage": AccessRule(.run, .readMessages),
        "POST /v1/runs/{run_id}/stream": AccessRule(.run, .readMessages),
        "GET /v1/conversations/{conversation_id}": AccessRule(.conversation, .readMessages),
        "GET /v1/conversations/{conversation_id}/messages": AccessRule(.conversation, .readMessages),
    ]

    private static let writingMessages: [String: AccessRule] = [
        "POST \(agent)/messages": AccessRule(.agent, .writeMessages, members: sending),
        "POST \(agent)/messages/stream": AccessRule(.agent, .writeMessages, members: sending),
        "POST \(agent)/messages/async": AccessRule(.agent, .writeMessages, members: sending),
        "POST \(agent)/messages/cancel": AccessRule(.agent, .writeMessages),
        "POST /v1/conversations/{conversation_id}/messages": AccessRule(
            .conversation, .writeMessages, members: sending),
        "POST /v1/conversations/{conversation_id}/stream": AccessRule(.conversation, .readMessages),
        "POST /v1/conversations/{conversation_id}/cancel": AccessRule(.conversation, .writeMessages),
    ]

    /// No other system message, no other model, no tools whose calls the page could not answer, and no address that the
    /// server would call.
    private static let sending: Set<String> = [
        "messages", "input", "max_steps", "use_assistant_message", "assistant_message_tool_name",
        "assistant_message_tool_kwarg", "include_return_message_types", "enable_thinking", "streaming",
        "stream_tokens", "include_pings", "background", "client_skills",
        "include_compaction_messages",
    ]
}
