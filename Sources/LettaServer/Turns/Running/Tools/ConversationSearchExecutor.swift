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
    let meaning: MessageMeaning

    /// Both dates are included; a date without a time means the whole day.
    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(Self.name) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let limit = given.integer("limit") ?? Self.defaultLimit
        guard limit > 0 else { throw ToolFailure.value("limit must be positive, not \(limit).") }
        let named = (given.strings("roles") ?? []).compactMap(MessageRole.init(rawValue:)).filter { $0 != .system }
        let roles = named.isEmpty ? [MessageRole.user, .assistant] : named
        let text = given.string("query") ?? ""
        guard text.utf8.count <= KeyText.longest else { throw ToolFailure.value("The query is too long.") }
        let zone = context.agent.timezone
        var filter = MessageFilter()
        filter.agent = context.agent.id
        filter.roles = roles
        filter.from = try Self.time(given.string("start_date"), named: "start_date", zone)?.first
        filter.to = try Self.time(given.string("end_date"), named: "end_date", zone)?.last
        filter.includesResults = true
        let time = core.now()
        let search = MessageSearch(
            query: text, filter: filter, limit: min(limit, Self.highestLimit), now: time, zone: zone)
        let found = try await meaning.find(search, as: context.scope)
        let ranks = MessageRanks(found)
        let results = try found.enumerated().map { index, found -> JSONValue in
            let (row, message) = (found.row, try found.row.turnMessage())
            let relevance = Self.relevance(of: found, at: index + 1, ranks)
            return [
                "timestamp": .string(ZonedTime.isoTextOrUTC(microseconds: row.createdAt.microseconds, zone: zone)),
                "time_ago": .string(Self.age(from: row.createdAt, to: time)), "role": .string(row.role.rawValue),
                "relevance": relevance, "content": .string(message.said ?? message.text ?? ""),
            ]
        }
        let message = results.isEmpty ? "No results found." : "Showing \(results.count) results:"
        return ToolResult(ToolOutcome(["message": .string(message), "results": .array(results)]))
    }

    private static func relevance(of found: MessageSearch.Found, at place: Int, _ ranks: MessageRanks) -> JSONValue {
        guard found.signals != nil else { return ["search_mode": "sql"] }
        guard ranks.haveMeaning else { return ["search_mode": "fts", "fts_rank": .int(Int64(place))] }
        func rank(_ places: [ID<Message>: Int]) -> JSONValue { places[found.row.id].map { .int(Int64($0)) } ?? .null }
        return ["search_mode": "hybrid", "fts_rank": rank(ranks.words), "vector_rank": rank(ranks.meaning)]
    }

    /// A bound without a zone is in the agent's time zone.
    private static func time(
        _ text: String?, named name: String, _ zone: String
    ) throws -> (first: Timestamp, last: Timestamp)? {
        guard let text, !text.isEmpty else { return nil }
        guard let time = DayOrTime(iso8601: text) else {
            throw ToolFailure.value(
                "Invalid \(name) format: \(text). Use ISO 8601 format (YYYY-MM-DD or YYYY-MM-DDTHH:MM)")
        }
        return time.bounds(in: zone)
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
