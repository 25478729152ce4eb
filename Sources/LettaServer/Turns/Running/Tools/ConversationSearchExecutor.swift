import AgentEngine
import JSON
import LettaAPI
import Storage

/// Runs `conversation_search`: searches the agent's messages, in and out of its context window.
struct ConversationSearchExecutor: ToolExecutor {
    static let name = "conversation_search"
    private static let defaultLimit = 5
    private static let highestLimit = 100

    let core: Core

    /// Both dates are included; a date without a time means the whole day.
    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(Self.name) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let limit = given.integer("limit") ?? Self.defaultLimit
        guard limit > 0 else { throw ToolFailure.value("limit must be positive, not \(limit).") }
        let from = try Self.time(given.string("start_date"), named: "start_date", endOfDay: false)
        let to = try Self.time(given.string("end_date"), named: "end_date", endOfDay: true)
        let named = (given.strings("roles") ?? []).compactMap(MessageRole.init(rawValue:)).filter { $0 != .system }
        let roles = named.isEmpty ? [MessageRole.user, .assistant] : named
        let text = given.string("query") ?? ""
        guard text.utf8.count <= KeyText.longest else { throw ToolFailure.value("The query is too long.") }
        let rows = try await core.storage.read(as: context.scope) { db in
            try MessageListStore.search(
                text, roles: roles, from: from, to: to, limit: min(limit, Self.highestLimit), of: context.agent.id, db)
        }
        let time = core.now()
        let results = try rows.map { row -> JSONValue in
            [
                "timestamp": .string(row.createdAt.wireText.dropLast() + "+00:00"),
                "time_ago": .string(Self.age(from: row.createdAt, to: time)), "role": .string(row.role.rawValue),
                "relevance": ["search_mode": "sql"], "content": .string(try row.turnMessage().text ?? ""),
            ]
        }
        let message = results.isEmpty ? "No results found." : "Showing \(results.count) results:"
        return ToolResult(ToolOutcome(["message": .string(message), "results": .array(results)]))
    }

    private static func time(_ text: String?, named name: String, endOfDay: Bool) throws -> Timestamp? {
        guard let text, !text.isEmpty else { return nil }
        guard var time = Timestamp(iso8601: text) else {
            throw ToolFailure.value(
                "Invalid \(name) format: \(text). Use ISO 8601 format (YYYY-MM-DD or YYYY-MM-DDTHH:MM)")
        }
        if endOfDay, text.utf8.count == 10 { time.microseconds += 86_400_000_000 - 1 }
        return time
    }

    /// `12s ago`, `3m ago`, `5h ago`, `2d ago`.
    private static func age(from start: Timestamp, to end: Timestamp) -> String {
        let seconds = max(0, (end.microseconds - start.microseconds) / 1_000_000)
        return switch seconds {
        case ..<60: "\(seconds)s ago"
        case ..<3_600: "\(seconds / 60)m ago"
        case ..<86_400: "\(seconds / 3_600)h ago"
        default: "\(seconds / 86_400)d ago"
        }
    }
}
