import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Starts the sleep-time companions of an agent after its turns: background runs that read what was said and edit the memory
/// that they share with it.
struct CompanionTurns: Sendable {
    let core: Core
    let turns: TurnService

    static let runType = "sleeptime_agent_send_message_async"
    /// The most messages that a companion reads at once.
    private static let memory = 200
    /// The most characters of one of them.
    private static let lineLimit = 4_000

    /// What the companions of a group have to read.
    private struct Work: Sendable {
        var group: Group
        var readings: [Reading]
    }

    private struct Reading: Sendable {
        var companion: ID<AgentState>
        var rows: [MessageRow]
    }

    /// The group of a companion's run, and the first message that it was to read.
    private static let groupField = "group_id"
    private static let startField = "reads_from"

    /// Starts the companions whose turn it is. A failure never reaches the agent's own turn.
    ///
    /// - Returns: their runs.
    func begin(after state: TurnState) async -> [String] {
        var runs: [String] = []
        do {
            // A companion that has companions would never come to rest.
            guard try state.run.metadata?.json.value()["run_type"]?.string != Self.runType else { return [] }
            let (agent, run) = (state.agent.id, state.run.id)
            let groups = try await core.storage.read(as: state.scope) { db in
                try GroupStore.sleeptimeGroups(managedBy: agent, db)
            }
            guard !groups.isEmpty else { return [] }
            let work = try await core.storage.write(as: state.scope) { db in
                try groups.compactMap { try Self.work(of: $0, after: run, of: agent, db) }
            }
            for work in work {
                for reading in work.readings {
                    runs += try await start(reading, in: work.group, as: state.scope).map { [$0] } ?? []
                }
            }
        } catch {
            core.logger.error(
                "The sleep-time companions of an agent could not start",
                metadata: ["agent.id": "\(state.agent.id)", "error": "\(error)"])
        }
        return runs
    }

    /// - Returns: the run; nil when it could not start. Then the companion reads the same again after a later turn.
    private func start(_ reading: Reading, in group: Group, as scope: Scope) async throws -> String? {
        let text = Self.text(
            of: try reading.rows.map { try $0.turnMessage() }, isNumbered: group.managerType == .voiceSleeptime)
        var request = try TurnRequest(SendMessages(text), to: reading.companion, following: .later)
        request.runType = Self.runType
        request.runFields = [Self.groupField: .string(group.id.rawValue)]
        if let first = reading.rows.first { request.runFields[Self.startField] = .string(first.id.rawValue) }
        do {
            let last = reading.rows.last?.id
            return try await turns.acceptOwn(
                request, as: scope,
                noting: { _, db in try GroupStore.setProgress(of: group.id, last: last, db) }
            ).run.id.rawValue
        } catch {
            core.logger.error(
                "A sleep-time companion could not start",
                metadata: ["agent.id": "\(reading.companion)", "error": "\(error)"])
            return nil
        }
    }

    /// Counts the turn; nil when it is not that of the companions.
    private static func work(
        of id: ID<Group>, after run: ID<Run>, of agent: ID<AgentState>, _ db: Transaction
    ) throws -> Work? {
        guard let row = try db.fetch(GroupStore.table, id, locking: true) else { return nil }
        let group = try GroupStore.group(of: row, db)
        var counter = group.turnsCounter
        if let frequency = group.sleeptimeAgentFrequency, frequency > 0 {
            counter = ((counter ?? -1) + 1) % frequency
        }
        try GroupStore.setTurns(of: id, counter, db)
        guard (counter ?? 0) == 0 else { return nil }
        let last = try group.lastProcessedMessageID.flatMap {
            try MessageListStore.row($0.rawValue, of: agent, db)
        }
        let readings = try group.agentIDs.map { companion in
            var rows: [MessageRow] = []
            if let missed = try missed(by: companion, in: id, of: agent, db) {
                rows = [missed] + (try messages(of: agent, after: missed, db))
            } else if last != nil || group.managerType == .voiceSleeptime {
                rows = try messages(of: agent, after: last, db)
            } else {
                rows = try MessageListStore.rows(of: run, db)
            }
            return Reading(companion: companion, rows: rows)
        }
        return Work(group: group, readings: readings.compactMap { due($0, of: group) })
    }

    /// What a companion reads now; nil for nothing. That of a voice agent waits until the messages exceed the longest
    /// buffer, and leaves the newest ones, as many as the shortest one has, to a later turn.
    private static func due(_ reading: Reading, of group: Group) -> Reading? {
        guard !reading.rows.isEmpty else { return nil }
        guard group.managerType == .voiceSleeptime, let longest = group.maxMessageBufferLength,
            let shortest = group.minMessageBufferLength
        else { return reading }
        guard reading.rows.count > min(longest, memory - 1) else { return nil }
        var due = reading
        due.rows.removeLast(min(shortest, due.rows.count - 1))
        return due
    }

    private static func messages(
        of agent: ID<AgentState>, after row: MessageRow?, _ db: Transaction
    ) throws -> [MessageRow] {
        try MessageListStore.page(of: agent, in: nil, after: row, before: nil, fromNewest: true, limit: memory, db)
            .filter { $0.role != .system }
    }

    /// The first message that the companion was to read in its last run, when that ended before it began.
    private static func missed(
        by companion: ID<AgentState>, in group: ID<Group>, of agent: ID<AgentState>, _ db: Transaction
    ) throws -> MessageRow? {
        guard let run = try RunStore.latest(of: companion, db), [.failed, .cancelled].contains(run.status),
            let fields = try run.metadata?.json.value(), fields[groupField]?.string == group.rawValue,
            let first = fields[startField]?.string, try MessageListStore.rows(of: run.id, db).isEmpty
        else { return nil }
        return try MessageListStore.row(first, of: agent, db)
    }

    /// What a companion is told.
    ///
    /// - Parameter isNumbered: whether its tools name the messages by their numbers.
    static func text(of messages: [TurnMessage], isNumbered: Bool = false) -> String {
        let lines = messages.flatMap { message -> [String] in
            switch message.role {
            case .system: []
            case .user: message.text.map { ["user: \($0)"] } ?? []
            case .assistant:
                (message.text.map { ["assistant: \($0)"] } ?? [])
                    + message.toolCalls.map { call in
                        "assistant: \(said(in: call) ?? "Tool call \(call.name) with \(call.arguments)")"
                    }
            case .tool:
                message.toolReturns.map { "assistant: Tool call returned \(PythonText.text(of: $0.result))" }
            }
        }
        let short = lines.map { String($0.prefix(lineLimit)) }
        let text = isNumbered ? NumberedTalk.text(of: short) : short.joined(separator: "\n")
        let reminder = Self.reminder(isNumbered ? "finish_rethinking_memory" : "memory_finish_edits")
        return "\(reminder)\n\n\(NumberedTalk.heading)\(text)"
    }

    private static func said(in call: TurnMessage.ToolCall) -> String? {
        guard call.name == "send_message" else { return nil }
        // What a model wrote need not be JSON.
        return (try? JSONParser().parse(call.arguments))?["message"]?.string
    }

    private static func reminder(_ lastTool: String) -> String {
        """
        <system-reminder>
        You are a sleep-time agent: you work in the background, after the conversation below has taken place. You are not a \
        part of it. "user" is who talked to the main agent, and "assistant" is the main agent.

        Keep the memory that you share with the main agent up to date: store what is new and worth knowing, correct what has \
        changed, and leave the rest as it is. Nobody reads what you say. When all edits are done, call \(lastTool).
        </system-reminder>
        """
    }
}
