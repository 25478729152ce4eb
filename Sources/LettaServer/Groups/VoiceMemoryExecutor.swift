import AgentEngine
import JSON
import LettaAPI
import Storage

/// Runs the tools by which the companion of a voice agent keeps what was said, and by which the voice agent finds it again.
struct VoiceMemoryExecutor: ToolExecutor {
    static let store = "store_memories"
    static let search = "search_memory"

    /// Of one memory, in characters.
    private static let longest = 20_000
    /// What one search finds of messages and of memories for each query.
    private static let finds = 10
    private static let mostQueries = 10

    let core: Core

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let text =
            call.tool == Self.store
            ? try await store(call.arguments["chunks"]?.array ?? [], by: context.agent, as: context.scope)
            : try await search(given, by: context.agent, as: context.scope)
        return ToolResult(ToolOutcome(.string(text)))
    }

    /// Puts parts of the conversation that the companion was given into the archival memory of its voice agent.
    private func store(_ chunks: [JSONValue], by companion: AgentRow, as scope: Scope) async throws -> String {
        let (main, lines) = try await core.storage.read(as: scope) { db in
            let group = try GroupStore.groups(with: companion.id, db).first { $0.managerType == .voiceSleeptime }
            // The notices of the loop are messages of the user as well.
            let told = try MessageListStore.page(
                of: companion.id, in: nil, after: nil, before: nil, fromNewest: true, limit: 100, db
            ).filter { $0.role == .user }.map { CompanionTurns.numberedLines(in: try $0.turnMessage().text ?? "") }
            return (group?.managerAgentID, told.last { !$0.isEmpty } ?? [])
        }
        guard let main, !lines.isEmpty else {
            throw ToolFailure.value("There is no conversation of a voice agent to store.")
        }
        let texts = try chunks.map { chunk -> String in
            guard let start = chunk["start_index"]?.int, let end = chunk["end_index"]?.int, start <= end,
                lines.indices.contains(Int(clamping: start)), lines.indices.contains(Int(clamping: end))
            else {
                throw ToolFailure.value(
                    "Parts go from a start_index to an end_index, both from 0 to \(lines.count - 1).")
            }
            let said = lines[Int(clamping: start)...Int(clamping: end)].joined(separator: "\n")
            return String("\(chunk["context"]?.string ?? "")\n\(said)".prefix(Self.longest))
        }
        let time = core.now()
        try await core.storage.write(as: scope) { [core] db in
            guard let agent = try AgentStore.rowForUpdate(main, db) else { throw APIError.notFound("Agent", main) }
            let passages = texts.enumerated().map { index, text in
                // One microsecond apart, so that lists show them in the order of the conversation.
                NewPassage(
                    id: core.ids.next(), text: text, tags: [],
                    time: Timestamp(microseconds: time.microseconds + Int64(index)))
            }
            _ = try ArchivalMemoryService.insert(passages, for: agent, ids: core.ids, db)
        }
        return "Stored \(texts.count) memories."
    }

    private func search(_ given: ToolArguments, by agent: AgentRow, as scope: Scope) async throws -> String {
        let queries = (given.strings("convo_keyword_queries") ?? []).filter { !$0.isEmpty }.prefix(Self.mostQueries)
        guard queries.allSatisfy({ $0.utf8.count <= KeyText.longest }) else {
            throw ToolFailure.value("A query is too long.")
        }
        let from = try time(minutesAgo: given.integer("start_minutes_ago"))
        let to = try time(minutesAgo: given.integer("end_minutes_ago"))
        let (messages, memories) = try await core.storage.read(as: scope) { db in
            let messages = try (queries.isEmpty ? [""] : Array(queries)).flatMap { query in
                try MessageListStore.search(
                    query, roles: [.user, .assistant], from: from, to: to, limit: Self.finds, of: agent.id, db)
            }
            let memories = try queries.flatMap { query in
                try ArchivalMemoryService.find(
                    query, matching: PassageFilter(), limit: Self.finds, of: agent.id, db)
            }
            return (messages, memories)
        }
        var seen: Set<String> = []
        var lines: [String] = []
        for row in messages.sorted(by: { $0.position < $1.position }) where seen.insert(row.id.rawValue).inserted {
            lines += CompanionTurns.lines(of: [try row.turnMessage()]).map { "[\(row.createdAt.wireText)] \($0)" }
        }
        for memory in memories where seen.insert(memory.id.rawValue).inserted { lines.append(memory.text) }
        return lines.isEmpty ? "Nothing was found." : lines.joined(separator: "\n")
    }

    private func time(minutesAgo minutes: Int?) throws -> Timestamp? {
        guard let minutes else { return nil }
        guard (0...10_000_000).contains(minutes) else {
            throw ToolFailure.value("Minutes are 0 or more, and not that many.")
        }
        return Timestamp(microseconds: core.now().microseconds - Int64(minutes) * 60_000_000)
    }
}
