import AgentEngine
import LettaAPI
import Storage

/// A turn whose messages are stored, ready to go on.
struct OpenedTurn: Sendable {
    let runner: TurnRunner
    let beginning: TurnBeginning
    /// Returns when what was stored survives a loss of power.
    let settle: @Sendable () async throws -> Void
}

extension TurnService {
    /// Stores what is said to the agent, and meanwhile puts together what the model will be asked.
    ///
    /// - Parameter isAccepted: whether the run is stored already and only begins now. If it can't, its end is left to
    ///   whoever accepted it.
    func open(
        _ request: TurnRequest, _ run: Run, isAccepted: Bool = false, config: LLMConfig?, _ control: TurnControl,
        as scope: Scope
    ) async throws -> OpenedTurn {
        let store = TurnStore(storage: storage, ids: ids)
        let time = now()
        var run = run
        run.status = .running
        let known = Handover<TurnMaterial>()
        async let opening = { [run] in
            do {
                return try await store.open(request, run, isAccepted: isAccepted, at: time, as: scope) { material in
                    known.give(.success(material))
                }
            } catch {
                known.give(.failure(error))
                throw error
            }
        }()
        let early = try? await beginning(of: known.value(), request, config, control, store)
        let opened = try await opening
        do {
            // A transaction that was repeated may have found something else than it told first.
            let ready =
                if let early, known.count == 1 {
                    early
                } else {
                    try await beginning(of: opened.value, request, config, control, store)
                }
            return OpenedTurn(runner: ready.runner, beginning: ready.beginning, settle: opened.settle)
        } catch {
            if !isAccepted { try await closeAsFailed(run, as: scope) }
            throw error
        }
    }

    private func beginning(
        of material: TurnMaterial, _ request: TurnRequest, _ config: LLMConfig?, _ control: TurnControl,
        _ store: TurnStore
    ) async throws -> (runner: TurnRunner, beginning: TurnBeginning) {
        var state = try material.state(for: request, config: config)
        state.traits = await models.traits(for: state.config)
        let plan = try state.plan(maximumSteps: request.maximumSteps, streamsTokens: request.streamsTokens)
        let runner = TurnRunner(
            store: store, search: ConversationSearchService(storage: storage, now: now), python: python,
            archival: ArchivalToolService(storage: storage, ids: ids, now: now),
            provider: await models.provider(for: state.config), control: control, ids: ids, now: now, logger: logger)
        return (runner, runner.beginning(of: state, plan: plan))
    }

    private func closeAsFailed(_ run: Run, as scope: Scope) async throws {
        let time = now()
        var run = run
        run.status = .failed
        run.stopReason = .error
        run.completedAt = time
        try await shieldedFromCancellation { [run] in
            try await TurnStore(storage: storage, ids: ids).close(run, of: run.agentID, at: time, as: scope)
        }
    }
}
