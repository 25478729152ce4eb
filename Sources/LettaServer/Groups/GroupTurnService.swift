import AgentEngine
import JSON
import LettaAPI
import Storage

/// Sends messages to groups, whose agents then talk: one conversation of a group at a time, in the order in which the messages
/// arrive.
struct GroupTurnService: Sendable {
    let core: Core
    let turns: TurnService
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
        let control = try start(body, in: group, collector: collector, as: scope)
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
        let control = try start(body, in: group, as: scope)
        return RunFrames(core: core, run: control.run, filter: filter, control: control, page: nil)
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

    private func start(
        _ body: SendMessages, in group: Group, collector: TurnCollector? = nil, as scope: Scope
    ) throws -> TurnControl {
        var body = body
        body.background = nil
        body.callbackURL = nil
        let request = try TurnRequest(body, to: group.agentIDs[0], following: .later)
        guard request.answers.isEmpty else {
            throw APIError.invalidField(
                "messages",
                "approvals and results of tools go to the agent that waits: POST /v1/agents/{agent_id}/messages",
                input: .null)
        }
        guard let ticket = lock.reserve(group.id) else {
            throw APIError.unavailable(
                "Group \(group.id) already has \(TurnService.queueLimit) queued messages. Retry later.")
        }
        // Its events are those of the agents' runs; it has no run of its own.
        let control = TurnControl(
            run: core.ids.next(), agent: group.agentIDs[0], organization: scope.organization, collector: collector)
        let isStarted = turns.worker.startFollowUp { [self, body] in
            let talk = GroupTalk(
                core: core, turns: turns, group: group, body: body, given: request.given, control: control, scope: scope
            )
            do {
                try await lock.lock(ticket)
                defer { lock.unlock(group.id) }
                await talk.run()
            } catch {
                talk.end(.cancelled)
            }
        }
        guard isStarted else {
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
