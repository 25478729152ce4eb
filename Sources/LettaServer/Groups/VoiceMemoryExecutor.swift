import AgentEngine
import JSON
import LettaAPI
import Storage

/// Runs `store_memories` of the companions of voice agents, which keeps parts of what they read in the archival memory of
/// the agent that talks, and `search_memory` of that agent.
struct VoiceMemoryExecutor: ToolExecutor {
    static let store = "store_memories"
    static let search = "search_memory"
    /// The most messages that a search returns.
    private static let limit = 20
    /// The messages of its own among which a companion's last task is.
    private static let memory = 50
    private static let mostChunks = 50
    /// How far back a search may look: about a thousand years.
    private static let mostMinutes = 525_600_000

    let core: Core
    let meaning: MessageMeaning

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(call.tool) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        return ToolResult(
            call.tool == Self.store ? try await keep(given, in: context) : try await find(given, in: context))
    }

    // MARK: Storing

    private func keep(_ given: ToolArguments, in context: ToolContext) async throws -> ToolOutcome {
        let chunks = given.value("chunks")?.array ?? []
        let (lines, manager) = try await core.storage.read(as: context.scope) { db in
            let rows = try MessageListStore.page(
                of: context.agent.id, in: nil, after: nil, before: nil, fromNewest: true, limit: Self.memory, db)
            let tasks = try rows.reversed().filter { $0.role == .user }.lazy.compactMap { try $0.turnMessage().text }
            let lines = tasks.map(NumberedTalk.lines).first { !$0.isEmpty } ?? []
            let groups = try GroupStore.groups(with: context.agent.id, db)
            let manager = groups.first { $0.managerType == .voiceSleeptime }?.managerAgentID
            return (lines, try manager.flatMap { try AgentStore.row($0, db) })
        }
        guard let manager else { throw ToolFailure.value("This agent is not the companion of another one.") }
        guard !lines.isEmpty else { throw ToolFailure.value("There is no conversation of a voice agent to store.") }
        guard chunks.count <= Self.mostChunks else {
            throw ToolFailure.value("There may be at most \(Self.mostChunks) chunks.")
        }
        let texts = try chunks.map { try Self.text(of: $0, among: lines) }
        guard !texts.isEmpty else { throw ToolFailure.value("There are no chunks to store.") }
        let time = core.now()
        let passages = texts.enumerated().map { index, text in
            // One microsecond apart, so that lists show them in their order.
            NewPassage(
                id: core.ids.next(), text: text, tags: [],
                time: Timestamp(microseconds: time.microseconds + Int64(index)))
        }
        try await core.storage.write(as: context.scope) { [core] db in
            _ = try ArchivalMemoryService.insert(passages, for: manager, ids: core.ids, db)
        }
        return ToolOutcome(.string("Stored \(passages.count) \(passages.count == 1 ? "memory" : "memories")."))
    }

    private static func text(of chunk: JSONValue, among lines: [String]) throws -> String {
        guard let start = chunk["start_index"]?.int, let end = chunk["end_index"]?.int, start >= 0, start <= end,
            end < Int64(lines.count)
        else {
            throw ToolFailure.value(
                "A chunk needs start_index and end_index between 0 and \(lines.count - 1), the numbers of messages.")
        }
        let said = lines[Int(start)...Int(end)].joined(separator: "\n")
        return [chunk["context"]?.string, said].compactMap { $0 }.joined(separator: "\n")
    }

    // MARK: Searching

    private func find(_ given: ToolArguments, in context: ToolContext) async throws -> ToolOutcome {
        let now = core.now()
        func time(minutesAgo name: String) throws -> Timestamp? {
            guard let minutes = given.integer(name) else { return nil }
            guard (0...Self.mostMinutes).contains(minutes) else {
                throw ToolFailure.value("Minutes are 0 or more, and at most \(Self.mostMinutes).")
            }
            return Timestamp(microseconds: now.microseconds - Int64(minutes) * 60_000_000)
        }
        let words = (given.strings("convo_keyword_queries") ?? []).filter { !$0.isEmpty }
        guard words.allSatisfy({ $0.utf8.count <= KeyText.longest }) else {
            throw ToolFailure.value("A query is too long.")
        }
        var filter = MessageFilter()
        filter.agent = context.agent.id
        filter.roles = [.user, .assistant]
        filter.from = try time(minutesAgo: "start_minutes_ago")
        filter.to = try time(minutesAgo: "end_minutes_ago")
        let searches = (words.isEmpty ? [""] : words).map { [filter] word in
            MessageSearch(query: word, filter: filter, limit: Self.limit, now: now, zone: context.agent.timezone)
        }
        var rows: [MessageRow] = []
        for search in searches { rows += try await meaning.find(search, as: context.scope).map(\.row) }
        let memories = try await core.storage.read(as: context.scope) { db in
            var archives = PassageFilter()
            archives.archives = try ArchiveStore.archives(of: context.agent.id, db)
            return try words.flatMap { [archives] word in
                try PassageStore.find(word, matching: archives, orElse: .descending, limit: Self.limit, db)
            }.map(\.passage)
        }
        var seen: Set<ID<Message>> = []
        let found = rows.filter { seen.insert($0.id).inserted }.sorted { $0.position < $1.position }
        var lines = try found.suffix(Self.limit).compactMap { row in
            try row.turnMessage().text.map { "\(row.createdAt.wireText) \(row.role.rawValue): \($0)" }
        }
        var kept: Set<ID<Passage>> = []
        lines += memories.filter { kept.insert($0.id).inserted }.prefix(Self.limit).map(\.text)
        return ToolOutcome(.string(lines.isEmpty ? "No results found." : lines.joined(separator: "\n")))
    }
}
