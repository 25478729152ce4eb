import AgentEngine
import JSON
import LettaAPI
import Storage

/// Sends messages to groups, whose agents then talk: one conversation of a group at a time, in the order in which the messages
/// arrive.
struct GroupTurnService: Sendable {
    let core: Core
    let turns: TurnService
    private let talks = GroupTalks()
    private let lock = KeyedFIFOLock<ID<Group>>(queueLimit: TurnService.queueLimit)

    init(core: Core, turns: TurnService) {
        self.core = core
        self.turns = turns
    }

    /// Sends messages and waits until the agents have talked.
    ///
    /// - Throws: `APIError` with the failure of an agent's turn where there was one.
    func send(_ body: SendMessages, to id: ID<Group>, as scope: Scope) async throws -> LettaResponse {
        let group = try await group(id, as: scope)
        if let manager = group.soleSpeaker { return try await turns.send(body, to: manager, as: scope) }
        let collector = TurnCollector(only: body.includeReturnMessageTypes)
        let control = try await start(body, in: group, collector: collector, as: scope)
        await control.log.finished()
        try Task.checkCancellation()
        return try collector.response()
    }

    /// Sends messages and returns the stream of what the agents say; they go on without readers.
    func stream(_ body: SendMessages, to id: ID<Group>, as scope: Scope) async throws -> RunFrames {
        let group = try await group(id, as: scope)
        if let manager = group.soleSpeaker { return try await turns.stream(body, to: manager, as: scope) }
        var body = body
        body.streaming = true
        let filter = EventFilter(
            withPings: body.includePings ?? true,
            messageTypes: body.includeReturnMessageTypes.map { Set($0.map(\.rawValue)) })
        let control = try await start(body, in: group, as: scope)
        return RunFrames(core: core, run: control.run, filter: filter, control: control, page: nil)
    }

    /// Ends what the agents of a deleted group say to each other.
    func end(talksOf id: ID<Group>, as scope: Scope) {
        let reason = "The group was deleted while this run was at work."
        turns.worker.cancel(talks.cancel(in: id, of: scope.organization, because: reason), because: reason)
    }

    private func group(_ id: ID<Group>, as scope: Scope) async throws -> Group {
        let group = try await core.storage.read(as: scope) { db -> Group in
            guard let row = try db.fetch(GroupStore.table, id) else { throw APIError.notFound("Group", id) }
            return try GroupStore.group(of: row, db)
        }
        guard !group.agentIDs.isEmpty else {
            throw APIError.invalidArgument("Group \(id) has no agents. Add some to agent_ids first.")
        }
        return group
    }

    /// Where the answers of a client let the conversation go on; nil without answers.
    ///
    /// - Throws: `APIError` 400 for answers to calls that no agent of the group waits at.
    private func pause(
        for answers: [ApprovalDecision], in group: Group, as scope: Scope
    ) async throws -> GroupRunStore.Pause? {
        guard !answers.isEmpty else { return nil }
        let found = try await core.storage.read(as: scope) { db in try GroupRunStore.pause(of: group.id, db) }
        guard let found else { throw PendingApproval.nothingWaits }
        let waiting = found.waiting
        let expected = waiting.toolCalls.map(\.toolCallID)
        let given = answers.map(\.callID)
        guard given == [waiting.messageID.rawValue] || given.count == expected.count && Set(given) == Set(expected)
        else {
            throw APIError.invalidArgument(
                "Agent \(waiting.agentID) of the group waits for answers to the calls "
                    + "\(expected.joined(separator: ", ")). Answer all of them, and no others.")
        }
        return found
    }

    private func start(
        _ body: SendMessages, in group: Group, collector: TurnCollector? = nil, as scope: Scope
    ) async throws -> TurnControl {
        var body = body
        body.background = nil
        body.callbackURL = nil
        let request = try TurnRequest(body, to: group.agentIDs[0], following: .later)
        let pause = try await pause(for: request.answers, in: group, as: scope)
        guard let ticket = lock.reserve(group.id) else {
            throw APIError.unavailable(
                "Group \(group.id) already has \(TurnService.queueLimit) queued messages. Retry later.")
        }
        // Its events are those of the agents' runs; it has no run of its own.
        let control = TurnControl(
            run: core.ids.next(), agent: group.agentIDs[0], organization: scope.organization, collector: collector)
        talks.begin(control, in: group.id)
        let isStarted = turns.worker.startFollowUp { [self, body] in
            defer { talks.end(control) }
            let talk = GroupTalk(
                core: core, turns: turns, talks: talks, group: group, body: body, given: request.given,
                pause: pause, control: control, scope: scope)
            do {
                try await lock.lock(ticket)
                defer { lock.unlock(group.id) }
                await talk.run()
            } catch {
                talk.end(.cancelled)
            }
        }
        guard isStarted else {
            talks.end(control)
            lock.abandon(ticket)
            throw TurnService.isStopping
        }
        return control
    }
}

extension Group {
    /// The agent that alone talks to users; the others work on its memory.
    fileprivate var soleSpeaker: ID<AgentState>? {
        switch managerType {
        case .sleeptime, .voiceSleeptime: managerAgentID
        case .roundRobin, .supervisor, .dynamic, .swarm: nil
        }
    }
}
