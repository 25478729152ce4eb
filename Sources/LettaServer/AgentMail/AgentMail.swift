import AgentEngine
import EventStreams
import JSON
import LettaAPI
import Synchronization

/// Carries messages from agent to agent inside the server.
///
/// An agent that waits for another one holds its own turn meanwhile, so two that wait for each other would wait for ever.
/// Who waits for whom is therefore known here, and among servers that share a database in a table of theirs: a call that
/// closes a circle fails at once.
final class AgentMail: Sendable {
    /// How many agents may stand behind one message: one that asks one that asks one.
    static let deepest = 8
    static let deadline = Duration.seconds(300)
    private static let nobody: [ID<AgentState>: Int] = [:]

    /// How many messages between agents led to the current turn.
    @TaskLocal private static var depth = 0

    private let turns = Mutex<TurnService?>(nil)
    private let waits = Mutex<[ID<AgentState>: [ID<AgentState>: Int]]>([:])

    /// The turns to send messages with. They run tools that send messages, so this comes after both are made.
    func open(_ turns: TurnService) {
        self.turns.withLock { $0 = turns }
    }

    func close() {
        turns.withLock { $0 = nil }
    }

    /// Sends a text and waits for the answer.
    ///
    /// - Returns: what the other agent said.
    /// - Throws: `ToolFailure` for a circle, `APIError`, `CancellationError`.
    func ask(
        _ agent: ID<AgentState>, _ text: String, from sender: ID<AgentState>, as scope: Scope
    ) async throws -> [String] {
        try beginWait(of: sender, for: agent)
        defer { endWait(of: sender, for: agent) }
        let core = try service().core
        guard core.servers != nil else { return try await answer(of: agent, to: text, from: sender, as: scope) }
        guard let wait = try await AgentWait.begin(of: sender, for: agent, core, as: scope) else {
            throw Self.circle(from: sender, to: agent)
        }
        do {
            let answer = try await answer(of: agent, to: text, from: sender, as: scope)
            await wait.end(core, as: scope)
            return answer
        } catch {
            await wait.end(core, as: scope)
            throw error
        }
    }

    private func answer(
        of agent: ID<AgentState>, to text: String, from sender: ID<AgentState>, as scope: Scope
    ) async throws -> [String] {
        let body = Self.message(
            "[Incoming message from agent with ID '\(sender)' - your response will be delivered to the sender] \(text)")
        let turns = try service()
        let response = try await deeper {
            try await withDeadline(Self.deadline, clock: turns.core.clock) {
                try await turns.send(body, to: agent, as: scope)
            }
        }
        return try response.messages.compactMap { message in
            let fields = try message.fields()
            return fields["message_type"] == "assistant_message" ? fields["content"]?.string : nil
        }
    }

    /// Sends a text that the other agent reads when it is free.
    func tell(
        _ agent: ID<AgentState>, _ text: String, from sender: ID<AgentState>, as scope: Scope
    ) async throws {
        let body = Self.message(
            "[Incoming message from agent with ID '\(sender)' - this is a one-way notification; if you need to respond, "
                + "use an agent-to-agent messaging tool if available] \(text)")
        let turns = try service()
        _ = try await deeper {
            try await turns.acceptOwn(TurnRequest(body, to: agent, following: .later), as: scope)
        }
    }

    private func deeper<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        guard Self.depth < Self.deepest else {
            throw ToolFailure.value(
                "\(Self.deepest) agents are behind this message already. Answer without asking another.")
        }
        return try await Self.$depth.withValue(Self.depth + 1) { try await body() }
    }

    private func service() throws -> TurnService {
        guard let turns = turns.withLock({ $0 }) else { throw TurnService.isStopping }
        return turns
    }

    private static func message(_ text: String) -> SendMessages {
        var body = SendMessages("")
        body.input = nil
        body.messages = [.said(CreateMessage(role: .system, content: text))]
        return body
    }

    // MARK: Circles

    private func beginWait(of sender: ID<AgentState>, for agent: ID<AgentState>) throws {
        let isCircle = waits.withLock { waits in
            var open = [agent]
            var seen: Set<ID<AgentState>> = []
            while let next = open.popLast() {
                if next == sender { return true }
                if seen.insert(next).inserted { open += (waits[next] ?? Self.nobody).keys }
            }
            waits[sender, default: [:]][agent, default: 0] += 1
            return false
        }
        if isCircle { throw Self.circle(from: sender, to: agent) }
    }

    private static func circle(from sender: ID<AgentState>, to agent: ID<AgentState>) -> ToolFailure {
        ToolFailure.value(
            agent == sender
                ? "An agent can't send a message to itself."
                : "Agent \(agent) waits for an answer of this agent. Answer without asking it.")
    }

    private func endWait(of sender: ID<AgentState>, for agent: ID<AgentState>) {
        waits.withLock { waits in
            let count = waits[sender]?[agent] ?? 0
            waits[sender]?[agent] = count > 1 ? count - 1 : nil
            if waits[sender]?.isEmpty == true { waits[sender] = nil }
        }
    }
}
