import AgentEngine
import JSON
import LettaAPI
import Storage

/// Runs the archival memory tools. Insertions are written with the step.
struct ArchivalToolExecutor: ToolExecutor {
    static let insert = "archival_memory_insert"
    static let search = "archival_memory_search"

    let core: Core
    let memory: ArchivalMemoryService

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        guard call.tool == Self.insert else {
            return ToolResult(try await search(given, by: context.agent, as: context.scope))
        }
        return ToolResult(ToolOutcome("None"), passages: [try passage(given, behind: context.passages)])
    }

    private func passage(_ given: ToolArguments, behind others: [NewPassage]) throws -> NewPassage {
        // At least one microsecond apart, so that lists show them in the order of the calls.
        let time = max(core.now(), Timestamp(microseconds: (others.last?.time.microseconds ?? .min) &+ 1))
        return NewPassage(
            id: core.ids.next(), text: try given.text("content"), tags: try Self.tags(given), time: time)
    }

    private func search(_ given: ToolArguments, by agent: AgentRow, as scope: Scope) async throws -> ToolOutcome {
        let query = try given.text("query")
        guard query.utf8.count <= KeyText.longest else { throw ToolFailure.value("The query is too long.") }
        let limit = given.integer("top_k") ?? ArchivalMemoryService.defaultFinds
        guard limit > 0 else { throw ToolFailure.value("top_k has to be positive.") }
        guard let mode = TagMatchMode(rawValue: given.string("tag_match_mode") ?? "any") else {
            throw ToolFailure.value("tag_match_mode must be 'any' or 'all'.")
        }
        var filter = PassageFilter()
        filter.tags = try Self.tags(given)
        filter.needsAllTags = mode == .all
        filter.from = try Self.time(given.string("start_datetime"), named: "start_datetime", for: agent)?.first
        filter.to = try Self.time(given.string("end_datetime"), named: "end_datetime", for: agent)?.last
        let found = try await memory.find(query, matching: filter, limit: limit, of: agent.id, as: scope)
        let results = found.map { passage -> JSONValue in
            [
                "id": .string(passage.id.rawValue),
                "timestamp": .string(ArchivalMemoryService.timestamp(of: passage, for: agent)),
                "content": .string(passage.text), "tags": .array((passage.tags ?? []).map { .string($0) }),
            ]
        }
        return ToolOutcome(.string(PythonText.literal(.array(results))))
    }

    private static func tags(_ given: ToolArguments) throws -> [String] {
        let tags = given.strings("tags") ?? []
        do {
            try PassageRules.checkTags(tags)
        } catch let error as APIError {
            throw ToolFailure.value(error.explanation)
        }
        return tags
    }

    /// The first and the last moment of a bound. A bound without a zone is in the agent's time zone.
    private static func time(
        _ text: String?, named name: String, for agent: AgentRow
    ) throws -> (first: Timestamp, last: Timestamp)? {
        guard let text, !text.isEmpty else { return nil }
        guard let time = DayOrTime(iso8601: text) else {
            throw ToolFailure.value(
                "Invalid \(name) format: \(text). Use ISO 8601 format (YYYY-MM-DD or YYYY-MM-DDTHH:MM)")
        }
        return time.bounds(in: agent.timezone)
    }
}
