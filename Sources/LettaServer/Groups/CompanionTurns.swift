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
                let text = Self.text(of: try work.rows.map { try $0.turnMessage() })
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

    /// What a companion is told.
    static func text(of messages: [TurnMessage]) -> String {
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
        return "\(reminder)\n\nMessages:\n\(lines.map { String($0.prefix(lineLimit)) }.joined(separator: "\n"))"
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
}
