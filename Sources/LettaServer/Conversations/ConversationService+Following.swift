import LettaAPI
import Storage

extension ConversationService {
    /// Streams the events of a background turn.
    ///
    /// - Throws: `APIError` 400 when no turn is running and none is named, 404 for a run of another thread.
    func follow(_ thread: ConversationThread, _ body: FollowConversation, as scope: Scope) async throws -> RunFrames {
        let (agent, conversation) = try await core.storage.read(as: scope) { db in
            switch thread {
            case .agent(let agent):
                guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
                return (agent, ID<Conversation>?.none)
            case .conversation(let id):
                return (try Self.row(id, db).agentID, id)
            }
        }
        var follow = FollowRun(startingAfter: body.startingAfter)
        follow.includePings = body.includePings
        let run = try await run(body, agent, conversation, as: scope)
        return try await RunFollowService(core: core, worker: turns.worker).follow(run, follow, as: scope)
    }

    private func run(
        _ body: FollowConversation, _ agent: ID<AgentState>, _ conversation: ID<Conversation>?, as scope: Scope
    ) async throws -> ID<Run> {
        if let id = body.runID {
            let run = try await turns.storedRun(id, as: scope)
            guard let run, run.agentID == agent, run.conversationID == conversation else {
                throw APIError.notFound("Run", id)
            }
            return id
        }
        if let otid = body.otid {
            let oldest = Timestamp(microseconds: core.now().microseconds - TurnService.eventRetention)
            let run = try await core.storage.read(as: scope) { db in
                try SendKeyStore.run(of: [SendKeys.otid(otid, in: conversation)], of: agent, after: oldest, db)
            }
            guard let run else { throw APIError(404, "No run found for otid '\(otid)'") }
            return run.id
        }
        let running = turns.worker.controls(of: agent, in: scope.organization).filter { control in
            control.conversation == conversation && !control.log.isFinished
        }
        // Of several in the line of an agent, one that can be followed.
        if let control = running.first(where: \.isBackground) ?? running.first { return control.run }
        let elsewhere =
            core.servers == nil
            ? nil
            : try await core.storage.read(as: scope) { db in try RunStore.unfinished(of: agent, in: conversation, db) }
        guard let elsewhere else { throw APIError.invalidArgument("No active runs found for this conversation.") }
        return elsewhere
    }
}
