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

    /// What a group's companions have to read.
    private struct Work: Sendable {
        var companions: [ID<AgentState>]
        var rows: [MessageRow]
        /// Whether they keep what a voice agent's context is about to lose.
        var isVoice = false
    }

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
                let messages = try work.rows.map { try $0.turnMessage() }
                let text = work.isVoice ? Self.voiceText(of: messages) : Self.text(of: messages)
                for companion in work.companions {
                    var request = try TurnRequest(SendMessages(text), to: companion, following: .later)
                    request.runType = Self.runType
                    runs.append(try await turns.acceptOwn(request, as: state.scope).run.id.rawValue)
                }
            }
        } catch {
            core.logger.error(
                "A sleep-time companion could not start",
                metadata: ["agent.id": "\(state.agent.id)", "error": "\(error)"])
        }
        return runs
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
        if group.managerType == .voiceSleeptime { return try voiceWork(of: group, of: agent, db) }
        guard (counter ?? 0) == 0 else {
            try GroupStore.setProgress(of: id, turns: counter, last: group.lastProcessedMessageID, db)
            return nil
        }
        var last: MessageRow?
        if let message = group.lastProcessedMessageID {
            last = try MessageListStore.row(message.rawValue, of: agent, db)
        }
        let rows =
            if let last {
                try MessageListStore.page(
                    of: agent, in: nil, after: last, before: nil, fromNewest: true, limit: memory, db)
            } else {
                try MessageListStore.rows(of: run, db)
            }
        try GroupStore.setProgress(of: id, turns: counter, last: rows.last?.id ?? group.lastProcessedMessageID, db)
        return rows.isEmpty ? nil : Work(companions: group.agentIDs, rows: rows)
    }

    /// The older part of what a voice agent said, once the part that nobody has read is longer than its group wants.
    private static func voiceWork(
        of group: Group, of agent: ID<AgentState>, _ db: Transaction
    ) throws -> Work? {
        let last = try group.lastProcessedMessageID.flatMap { try MessageListStore.row($0.rawValue, of: agent, db) }
        let unread = try MessageListStore.page(
            of: agent, in: nil, after: last, before: nil, fromNewest: false, limit: memory, db
        ).filter { $0.role != .system }
        guard unread.count > group.maxMessageBufferLength ?? 30 else { return nil }
        let rows = Array(unread.dropLast(group.minMessageBufferLength ?? 15))
        guard let newest = rows.last else { return nil }
        try GroupStore.setProgress(of: group.id, turns: group.turnsCounter, last: newest.id, db)
        return Work(companions: group.agentIDs, rows: rows, isVoice: true)
    }

    /// What a companion is told.
    static func text(of messages: [TurnMessage]) -> String {
        "\(reminder)\n\n\(title)\n\(lines(of: messages).joined(separator: "\n"))"
    }

    /// What the companion of a voice agent is told: it names lines by their numbers.
    private static func voiceText(of messages: [TurnMessage]) -> String {
        let lines = lines(of: messages).enumerated().map { index, line in
            "\(index). \(line.replacing("\n", with: " "))"
        }
        return "\(voiceReminder)\n\n\(title)\n\(lines.joined(separator: "\n"))"
    }

    private static let title = "Messages:"

    /// The lines that the companion of a voice agent was told, without their numbers.
    static func numberedLines(in text: String) -> [String] {
        guard let start = text.firstRange(of: "\n\(title)\n")?.upperBound else { return [] }
        return text[start...].split(separator: "\n").map { line in
            String(line.drop { $0.isNumber }.dropFirst(2))
        }
    }

    /// What was said in messages, with its speakers.
    static func lines(of messages: [TurnMessage]) -> [String] {
        messages.flatMap { message -> [String] in
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
        }.map { String($0.prefix(lineLimit)) }
    }

    private static func said(in call: TurnMessage.ToolCall) -> String? {
        guard call.name == "send_message" else { return nil }
        // What a model wrote need not be JSON.
        return (try? JSONParser().parse(call.arguments))?["message"]?.string
    }

    private static let reminder = """
        <system-reminder>
        You are a sleep-time agent: you work in the background, after the conversation below has taken place. You are not a \
        part of it. "user" is who talked to the main agent, and "assistant" is the main agent.

        Keep the memory that you share with the main agent up to date: store what is new and worth knowing, correct what has \
        changed, and leave the rest as it is. Nobody reads what you say. When all edits are done, call memory_finish_edits.
        </system-reminder>
        """

    private static let voiceReminder = """
        <system-reminder>
        You work in the background, after the conversation below has taken place. You are not a part of it. "user" is who \
        talked to the voice agent, and "assistant" is the voice agent. Every line has its number.
        </system-reminder>
        """
}
