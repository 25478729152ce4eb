import AgentEngine
import LettaAPI
import Storage

/// A turn whose messages are stored, ready to go on.
struct OpenedTurn: Sendable {
    let runner: TurnRunner
    let state: TurnState
    let plan: TurnPlan
    /// Returns when what was stored survives a loss of power.
    let settle: @Sendable () async throws -> Void
}

extension TurnService {
    /// Stores what is said to the agent, and gets ready to ask the model while the disk is at work.
    ///
    /// - Parameter isAccepted: whether the run is stored already and only begins now. If it can't, its end is left to
    ///   whoever accepted it.
    func open(
        _ request: TurnRequest, _ run: Run, isAccepted: Bool = false, config: LLMConfig?, _ control: TurnControl,
        as scope: Scope
    ) async throws -> OpenedTurn {
        let store = TurnStore(core: core)
        var run = run
        run.status = .running
        let opened = try await store.open(
            request, run, isAccepted: isAccepted, kept: contexts.take(request.agent, as: scope), at: core.now(),
            as: scope)
        do {
            let config = try config ?? configs.content(of: opened.value.agent.llmConfig)
            var state = try opened.value.state(for: request, config: config)
            state.traits = await models.traits(for: state.config)
            let plan = try state.plan(maximumSteps: request.maximumSteps, streamsTokens: request.streamsTokens)
            let runner = await runner(for: state, control, store)
            return OpenedTurn(runner: runner, state: state, plan: plan, settle: opened.settle)
        } catch {
            if !isAccepted { try await closeAsFailed(run, as: scope) }
            throw error
        }
    }

    private func runner(for state: TurnState, _ control: TurnControl, _ store: TurnStore) async -> TurnRunner {
        TurnRunner(
            core: core, store: store, contexts: contexts, search: ConversationSearchService(core: core),
            python: python, archival: ArchivalToolService(core: core),
            provider: await models.provider(for: state.config), control: control)
    }

    func closeAsFailed(_ run: Run, as scope: Scope) async throws {
        let time = core.now()
        var run = run
        run.status = .failed
        run.stopReason = .error
        run.completedAt = time
        try await shieldedFromCancellation { [run] in
            try await TurnStore(core: core).close(run, of: run.agentID, at: time, as: scope)
        }
    }
}
