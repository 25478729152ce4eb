import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import Storage

/// Makes the first model request of an item ahead of its turn and leaves it to a batch of the provider. Nothing of the turn
/// is stored until the answer is there, so the agent is free meanwhile.
struct RequestDeferral: Sendable {
    let core: Core
    let endpoints: BatchEndpoints

    /// - Returns: whether the item waits for its answer from now on, or is gone; false for one whose turn begins at once.
    func put(
        _ item: BatchStore.Waiting, _ request: TurnRequest, with opener: TurnOpener, as scope: Scope
    ) async throws -> Bool {
        let time = core.now()
        let state: TurnState
        do {
            guard let found = try await opener.stateAhead(of: request, at: time, as: scope) else { return false }
            state = found
        } catch is APIError {
            // The turn says why.
            return false
        }
        guard endpoints.contains(state.provider.settings),
            let batches = state.provider.batches(of: state.config.model), let first = state.firstRequest
        else { return false }
        let body = batches.body(of: first)
        guard body.count <= ModelBatchQueue.largestSize else { return false }
        let settings = state.provider.settings
        let service = "\(settings.baseURL)\(batches.route) \(settings.name) \(first.model)"
        let deferred = DeferredRequestStore.New(
            item: item.id, batch: item.batch, agent: item.agent, service: service,
            config: Document(state.config), body: body, digest: GivenAnswer.digest(of: body))
        return try await core.storage.write(as: scope) { db in
            // The turn is refused.
            guard try UsageMeter.reached(state.usageSubject, beginning: true, at: time, db) == nil else { return false }
            if try BatchStore.putOff(item.id, db) { try DeferredRequestStore.insert(deferred, at: time, db) }
            return true
        }
    }
}

extension TurnOpener {
    /// What a turn would work on, without beginning it; nil for one that can't be begun in two parts.
    fileprivate func stateAhead(
        of request: TurnRequest, at time: Timestamp, as scope: Scope
    ) async throws -> TurnState? {
        guard request.answers.isEmpty, request.failedRun == nil else { return nil }
        let config = try await override(request.overrideModel, as: scope)
        let request = try await images.read(request)
        try await core.storage.write(as: scope) { db in
            guard let agent = try AgentStore.rowForUpdate(request.agent, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            // The turn finds it as it is now.
            try TurnMemory(for: request, project: agent.origin.projectID, db).resolveSystemMessage(at: time, db)
        }
        let run = request.run(id: core.ids.next(), at: time)
        return try await preview(request, run, config: config, as: scope)
    }
}

extension TurnState {
    /// The model request that the turn begins with; nil when something else comes before it.
    fileprivate var firstRequest: ModelRequest? {
        guard context.smallModel == nil, HistoryRepair.openCalls(in: context.history).isEmpty, !isAtWork else {
            return nil
        }
        var machine = StepMachine(plan)
        let identity = StepIdentity(of: run.id, ids: .random, at: run.createdAt)
        guard case .callModel(let call)? = machine.receive(.start(identity)).first, call.form == .usual else {
            return nil
        }
        let request = context.request(call)
        let fitting = ContextFitting(TokenCalibration(permille: agent.tokenPermille))
        return fitting.fits(request, window: config.usableWindow) ? request : nil
    }

    /// Whether what was said before waits for an answer, which will be in the context of this turn.
    private var isAtWork: Bool {
        let before = context.history.last { $0.runID != run.id.rawValue }
        return before?.role == .user && before?.runID != nil
    }
}
