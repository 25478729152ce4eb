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
        switch thread {
        case .agent(let agent):
            return try await line.between(turnsOf: agent, as: scope) {
                try await compact(agent, in: nil, settings, as: scope)
            }
        case .conversation(let id):
            let row = try await core.storage.read(as: scope) { db in try ConversationService.row(id, db) }
            let control = TurnControl(
                run: core.ids.next(), agent: row.agentID, conversation: id, organization: scope.organization)
            try conversations.begin(control, in: id)
            let place = TurnPlace(
                kind: .conversation(conversations, control, id), claims: line.claims, run: control.run, scope: scope)
            try await place.wait()
            do {
                let result = try await compact(row.agentID, in: row, settings, as: scope)
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
