import AgentEngine
import LettaAPI
import Logging
import Storage
import Synchronization

/// One conversation of a group: the turns of its agents, one after the other. Each agent gets what was said since its last
/// turn.
struct GroupTalk: Sendable {
    let core: Core
    let turns: TurnService
    let talks: GroupTalks
    let group: Group
    let body: SendMessages
    /// The user's messages.
    let given: [CreateMessage]
    /// Where the conversation stopped, when the messages are a client's answers to the agent that waits.
    var pause: GroupRunStore.Pause?
    /// Gets the events of all turns.
    let control: TurnControl
    let scope: Scope

    /// The turns of a dynamic group that says nothing else.
    static let defaultTurns = 10
    /// How much an agent gets of what it has not seen.
    private static let memory = 50

    /// How a turn ended.
    private struct Heard: Sendable {
        var stop = TurnStop.error
        var usage = TurnUsage()
        var failure: TurnFailure?
        var text = ""
    }

    /// Ends the conversation before its time.
    private struct Ended: Error {
        let heard: Heard
    }

    private final class Totals: Sendable {
        let usage = Mutex(TurnUsage())
        let hasBegun = Mutex(false)
    }

    private struct Speaker: Sendable {
        var id: ID<AgentState>
        var name: String
        var description: String?
    }

    /// Returns when the last agent has spoken.
    func run() async {
        let totals = Totals()
        var end = TurnEnd(stop: .endTurn, usage: TurnUsage())
        do {
            let speakers = try await speakers()
            let resumed = try await resume(speakers, totals)
            switch group.managerType {
            case .supervisor: try await supervise(speakers, after: resumed, totals)
            case .dynamic: if try await !choose(among: speakers, after: resumed, totals) { end.stop = .maxSteps }
            case .roundRobin, .sleeptime, .voiceSleeptime, .swarm:
                let members = speakers.members
                for number in resumed.turns..<max(resumed.turns, group.maxTurns ?? members.count) {
                    _ = try await turn(of: members[number % members.count], totals)
                }
            }
        } catch let ended as Ended {
            end.stop = ended.heard.stop
            end.failure = ended.heard.failure
        } catch  where control.isCancelled {
            end.stop = .cancelled
        } catch {
            core.logger.error("A group stopped talking", metadata: ["group.id": "\(group.id)", "error": "\(error)"])
            end.stop = .error
            end.failure = TurnFailure(
                type: "internal_error", message: "The group could not go on.",
                detail: (error as? APIError)?.explanation ?? "What was said until then is stored.",
                status: (error as? APIError)?.status ?? 500)
        }
        end.usage = totals.usage.withLock { $0 }
        control.emit(end)
        control.log.finish()
    }

    /// The turns that a conversation has had, and what the agent said whose turn was just taken up again.
    private struct Resumed {
        var turns = 0
        var choice: String?
    }

    /// Takes up the turn of the agent that waited, where the client has answered it.
    private func resume(
        _ speakers: (members: [Speaker], manager: Speaker?), _ totals: Totals
    ) async throws -> Resumed {
        guard let pause else { return Resumed() }
        let all = speakers.members + [speakers.manager].compactMap { $0 }
        guard let speaker = all.first(where: { $0.id == pause.waiting.agentID }) else {
            throw APIError.notFound("Agent", pause.waiting.agentID)
        }
        totals.hasBegun.withLock { $0 = true }
        // In a dynamic group the turns of the manager are choices, every second one.
        let isChoice = group.managerType == .dynamic && pause.turns % 2 == 0
        let text = try await turn(of: speaker, totals, isShown: !isChoice, isResumed: true)
        return Resumed(turns: pause.turns + 1, choice: isChoice ? text : nil)
    }

    /// Ends a conversation that did not begin.
    func end(_ stop: TurnStop) {
        control.emit(TurnEnd(stop: stop, usage: TurnUsage()))
        control.log.finish()
    }

    private func speakers() async throws -> (members: [Speaker], manager: Speaker?) {
        let ids = (group.agentIDs + [group.managerAgentID].compactMap { $0 }).withoutDuplicates
        let rows = try await core.storage.read(as: scope) { db in try db.fetch(AgentStore.table, ids) }
        let known = Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (row.id, Speaker(id: row.id, name: row.name, description: row.description))
            })
        return (group.agentIDs.compactMap { known[$0] }, group.managerAgentID.flatMap { known[$0] })
    }

    // MARK: Kinds of groups

    /// The manager hears the user, the members hear the manager, and the manager answers.
    private func supervise(
        _ speakers: (members: [Speaker], manager: Speaker?), after resumed: Resumed, _ totals: Totals
    ) async throws {
        guard let manager = speakers.manager else { return }
        let names = speakers.members.map(\.name).joined(separator: ", ")
        if resumed.turns == 0 {
            _ = try await turn(
                of: manager, totals,
                asking: "You supervise the agents \(names). Say what they shall do: they hear your next message.")
        }
        for member in speakers.members.dropFirst(max(0, resumed.turns - 1)) { _ = try await turn(of: member, totals) }
        guard resumed.turns < speakers.members.count + 2 else { return }
        _ = try await turn(of: manager, totals, asking: "All agents have answered. Now answer the user.")
    }

    /// The manager says who speaks next, until it says that the conversation is over.
    ///
    /// - Returns: false when the most turns were taken.
    private func choose(
        among speakers: (members: [Speaker], manager: Speaker?), after resumed: Resumed, _ totals: Totals
    ) async throws -> Bool {
        guard let manager = speakers.manager, !speakers.members.isEmpty else { return true }
        let token = group.terminationToken.flatMap { $0.isEmpty ? nil : $0 }
        let list = speakers.members.map { "- \($0.name)\($0.description.map { ": \($0)" } ?? "")" }
            .joined(separator: "\n")
        let ending = token.map { " When the conversation is over, answer \($0) instead." } ?? ""
        let question = "Choose who speaks next. Answer with one of these names and nothing else.\(ending)\n\(list)"
        var last = -1
        var made = resumed.choice
        for _ in 0..<max(0, (group.maxTurns ?? Self.defaultTurns) - resumed.turns / 2) {
            let choice =
                if let made { made } else {
                    try await turn(of: manager, totals, asking: question, isShown: false)
                }
            made = nil
            if let token, Self.ends(choice, with: token) { return true }
            last = Self.choice(choice, among: speakers.members.map(\.name)) ?? (last + 1) % speakers.members.count
            _ = try await turn(of: speakers.members[last], totals)
        }
        return false
    }

    /// Whether the manager's answer is the token, or a text whose first or last word it is. What the members say ends
    /// nothing.
    static func ends(_ answer: String, with token: String) -> Bool {
        let answer = answer.trimming { $0.isWhitespace || $0 == "\"" || $0 == "'" }
        if answer == token { return true }
        return answer.hasPrefix("\(token) ") || answer.hasPrefix("\(token)\n") || answer.hasSuffix(" \(token)")
            || answer.hasSuffix("\n\(token)")
    }

    /// The name that an answer is, or else the longest one that it has; nil for none.
    static func choice(_ answer: String, among names: [String]) -> Int? {
        let answer = answer.lowercased()
        let lowered = names.map { $0.lowercased() }
        let trimmed = answer.trimming { $0.isWhitespace || $0 == "." || $0 == "\"" || $0 == "'" }
        if let exact = lowered.firstIndex(of: trimmed) { return exact }
        return lowered.indices.filter { !lowered[$0].isEmpty && answer.contains(lowered[$0]) }
            .max { lowered[$0].utf8.count < lowered[$1].utf8.count }
    }

    // MARK: Turns

    /// Runs the turn of one agent.
    ///
    /// - Returns: what it said.
    /// - Throws: ``Ended`` when the turn did not end well.
    private func turn(
        of speaker: Speaker, _ totals: Totals, asking question: String? = nil, isShown: Bool = true,
        isResumed: Bool = false
    ) async throws -> String {
        let heard = Mutex(Heard())
        guard !control.isCancelled else { throw CancellationError() }
        let isFirst = totals.hasBegun.withLock { hasBegun in
            defer { hasBegun = true }
            return !hasBegun
        }
        var body = body
        if !isResumed {
            body.input = nil
            body.messages = try await messages(for: speaker, isFirst: isFirst, asking: question)
        }
        let request = try TurnRequest(body, to: speaker.id, following: .later)
        let (run, turn) = try await turns.acceptOwn(
            request, as: scope,
            relaying: { [control] event in
                switch event {
                case .message: if isShown { control.emit(event) }
                case .stopReason(let stop): heard.withLock { $0.stop = stop }
                case .usage(let usage): heard.withLock { $0.usage = usage }
                case .failure(let failure, _): heard.withLock { $0.failure = failure }
                case .ping: break
                }
            },
            noting: { [group] run, db in
                guard try db.exists(group.id, in: GroupStore.table) else { throw APIError.notFound("Group", group.id) }
                try GroupRunStore.insert(run, of: group.id, showsInput: isFirst, isShown: isShown, db)
            })
        talks.give(turn, theWordIn: control)
        defer { talks.give(nil, theWordIn: control) }
        if control.isCancelled { turns.worker.cancel([turn], because: control.cancellationReason) }
        await turn.log.finished()
        let result = heard.withLock { $0 }
        totals.usage.withLock { $0.add(result.usage) }
        guard result.stop.runStatus == "completed", result.stop != .requiresApproval, !Task.isCancelled else {
            throw Ended(heard: result)
        }
        let rows = try await core.storage.read(as: scope) { db in try MessageListStore.rows(of: run.id, db) }
        return try rows.filter { $0.role == .assistant }.compactMap { try $0.turnMessage().said }
            .joined(separator: "\n")
    }

    private func messages(
        for speaker: Speaker, isFirst: Bool, asking question: String?
    ) async throws -> [SentMessage] {
        var messages = try await unseen(by: speaker)
        if isFirst { messages += given }
        if let question { messages.append(passing("<system-reminder>\n\(question)\n</system-reminder>")) }
        if messages.isEmpty {
            messages.append(passing("<system-reminder>\nIt is your turn to speak.\n</system-reminder>"))
        }
        return messages.map(SentMessage.said)
    }

    /// What the agent has not heard yet, as messages of a user: models know two sides.
    private func unseen(by speaker: Speaker) async throws -> [CreateMessage] {
        let (rows, names) = try await core.storage.read(as: scope) { [group] db in
            let rows = try GroupRunStore.unseen(by: speaker.id, in: group.id, limit: Self.memory, db)
            let agents = try db.fetch(AgentStore.table, rows.map(\.agentID).withoutDuplicates)
            return (rows, Dictionary(uniqueKeysWithValues: agents.map { ($0.id, $0.name) }))
        }
        return try rows.compactMap { row in
            let message = try row.turnMessage()
            guard row.role == .user else {
                return message.said.map { passing("\(names[row.agentID] ?? row.agentID.rawValue): \($0)") }
            }
            var passed = passing("")
            passed.content = .parts(message.parts.map(\.json))
            return passed
        }
    }

    private func passing(_ text: String) -> CreateMessage {
        var message = CreateMessage(role: .user, content: text)
        message.senderID = group.id.rawValue
        return message
    }
}

extension String {
    fileprivate func trimming(_ isDropped: (Character) -> Bool) -> String {
        var rest = self[...]
        while let first = rest.first, isDropped(first) { rest.removeFirst() }
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return String(rest)
    }
}
