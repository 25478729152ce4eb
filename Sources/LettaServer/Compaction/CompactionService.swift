import AgentEngine
import LettaAPI
import Storage

/// Compacts contexts because a client asks for it.
struct CompactionService: Sendable {
    let core: Core
    let opener: TurnOpener
    let compactor: ContextCompactor
    let line: AgentLine
    /// Refuses the turns of a conversation while it is compacted.
    let conversations: ConversationTurns

    func compact(
        _ thread: ConversationThread, _ settings: CompactionSettings?, as scope: Scope
    ) async throws -> CompactionResult {
        try await between(turnsIn: thread, as: scope) { agent, conversation in
            try await compact(agent, in: conversation, settings, as: scope)
        }
    }

    /// Takes a message out of the context. A call goes with its results and the decisions on it: models accept none of
    /// them without the others.
    ///
    /// - Throws: `APIError` 404 for a message that is not in the context, 400 for the agent's own system message.
    func remove(
        _ message: ID<Message>, of agent: ID<AgentState>, in conversation: ID<Conversation>?, as scope: Scope
    ) async throws -> ContextChange {
        try await change(of: agent, in: conversation, as: scope) { db in
            let context =
                try conversation.map { try ConversationMessageStore.context(of: $0, db) }
                ?? MessageStore.context(of: agent, db)
            guard let row = context.first(where: { $0.id == message }) else {
                throw APIError(404, "Message with ID \(message) is not in the context")
            }
            guard row.role != .system || row.runID != nil else {
                throw APIError.invalidArgument("The system message can't be taken out of the context")
            }
            let leaving = try Self.bound(to: row, in: context)
            try CompactionStore.leaveOut(leaving, of: ContextThread(agent: agent, conversation: conversation), db)
            try WaitingApprovalStore.remove(
                of: agent, in: conversation,
                keeping: context.map(\.id.rawValue).filter { !leaving.contains(ID($0)) }, db)
            return leaving
        }
    }

    /// Puts a message that left the context back where it stood. A call comes with its results and the decisions on it.
    ///
    /// - Returns: what came back; nothing where all of it is in the context already.
    /// - Throws: `APIError` 404 for a message of another thread, 400 for the agent's own system message, 409 for a call
    ///   without its results or a result without its call: no model accepts one without the other. A request for an
    ///   approval needs no result while nothing comes after it; the agent waits for the decision again.
    func putBack(
        _ message: ID<Message>, of agent: ID<AgentState>, in conversation: ID<Conversation>?, as scope: Scope
    ) async throws -> ContextChange {
        try await change(of: agent, in: conversation, as: scope) { db in
            let store = ContextReturnStore(thread: ContextThread(agent: agent, conversation: conversation))
            let near = try store.near(message, db)
            guard let row = near.first(where: { $0.id == message }) else { throw APIError.notFound("Message", message) }
            guard row.role != .system || row.runID != nil else {
                throw APIError.invalidArgument("The system message can't be put back into the context")
            }
            let returning = try Self.bound(to: row, in: near)
            let parts = try near.filter { returning.contains($0.id) }.map { try $0.turnMessage() }
            guard parts.contains(where: { $0.role == .assistant }) || parts.allSatisfy(\.standsAlone) else {
                throw APIError(409, "A result can't be put back into the context without its call")
            }
            let returned = try store.putBack(returning, db)
            if !returned.isEmpty, !HistoryRepair.openCalls(in: parts).isEmpty {
                try WaitingApprovalStore.remove(of: agent, in: conversation, db)
                let waiting = try FoundApprovals.note(
                    of: agent, in: conversation, opener.approvals, core.ids, db)
                guard let waiting, returned.contains(waiting) else {
                    throw APIError(409, "A call without a result can't be put back into the context")
                }
            }
            return returned
        }
    }

    private func change(
        of agent: ID<AgentState>, in conversation: ID<Conversation>?, as scope: Scope,
        _ body: @escaping @Sendable (Transaction) throws -> [ID<Message>]
    ) async throws -> ContextChange {
        let thread = conversation.map(ConversationThread.conversation) ?? .agent(agent)
        return try await between(turnsIn: thread, as: scope) { owner, _ in
            guard owner == agent else { throw APIError.notFound("Conversation", conversation ?? ID("")) }
            return try await core.storage.write(as: scope) { db in
                guard try AgentStore.rowForUpdate(agent, db) != nil else { throw APIError.notFound("Agent", agent) }
                return ContextChange(try body(db))
            }
        }
    }

    /// The message alone, or the message with calls, the results and the decisions that it is one of. Ids of calls repeat with
    /// some models, so that only those before the model's next message belong together.
    private static func bound(to row: MessageRow, in context: [MessageRow]) throws -> [ID<Message>] {
        var together: [ID<Message>] = []
        for other in context {
            let message = try other.turnMessage()
            if message.role == .assistant {
                if together.contains(row.id) { break }
                together = message.toolCalls.isEmpty ? [] : [other.id]
            } else if !together.isEmpty, !message.toolReturns.isEmpty || !message.approvals.isEmpty {
                together.append(other.id)
            }
        }
        return together.contains(row.id) ? together : [row.id]
    }

    /// Runs `body` while no turn of the thread does.
    private func between<Result: Sendable>(
        turnsIn thread: ConversationThread, as scope: Scope,
        _ body: (ID<AgentState>, ConversationRow?) async throws -> Result
    ) async throws -> Result {
        switch thread {
        case .agent(let agent):
            return try await line.between(turnsOf: agent, as: scope) { try await body(agent, nil) }
        case .conversation(let id):
            let row = try await core.storage.read(as: scope) { db in try ConversationService.row(id, db) }
            let control = TurnControl(
                run: core.ids.next(), agent: row.agentID, conversation: id, organization: scope.organization)
            try conversations.begin(control, in: id)
            let place = TurnPlace(
                kind: .conversation(conversations, control, id), claims: line.claims, run: control.run, scope: scope)
            try await place.wait()
            do {
                let result = try await body(row.agentID, row)
                await place.leave()
                return result
            } catch {
                await place.leave()
                throw error
            }
        }
    }

    private func compact(
        _ agent: ID<AgentState>, in conversation: ConversationRow?, _ settings: CompactionSettings?, as scope: Scope
    ) async throws -> CompactionResult {
        let config = try await opener.override(conversation?.model, as: scope)
        // The state of a turn without messages; its run is not stored.
        var request = try TurnRequest(SendMessages("compact"), to: agent)
        request.conversation = conversation?.id
        let run = request.run(id: core.ids.next(), at: core.now())
        var state = try await opener.preview(request, run, in: conversation, config: config, as: scope)
        state.context.history.removeAll { $0.runID == run.id.rawValue }
        let order = ContextCompactor.Order(
            settings: try settings?.filled(for: state.config) ?? state.agent.compactionSettings.content(),
            tail: ContextCut.tail(of: state.context.history, isAtWork: false))
        let before = state.context.history.count
        guard let done = try await compactor.compact(state, order) else {
            return CompactionResult(summary: "", numMessagesBefore: before, numMessagesAfter: before)
        }
        return CompactionResult(
            summary: done.summary, numMessagesBefore: before, numMessagesAfter: done.state.context.history.count)
    }
}

extension TurnMessage {
    /// Whether models accept it without another message.
    fileprivate var standsAlone: Bool { toolReturns.isEmpty && approvals.isEmpty }
}
