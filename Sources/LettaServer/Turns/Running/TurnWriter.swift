import AgentEngine
import LettaAPI
import Storage

/// Writes what a turn leaves behind, each part in one transaction that a cancelled turn completes as well.
struct TurnWriter: Sendable {
    let core: Core
    let usage: UsageMeter

    /// Stores a step: its messages, the edits of memory, its own row and the state of the run.
    ///
    /// Calls of memory tools are applied again, once, to the blocks as they are now: another request may have changed them
    /// since the turn read them.
    func store(_ step: StepResult, of state: TurnState, at time: Timestamp) async throws -> TurnState {
        let stored = try await write(state) { [core, usage] state, db in
            let agent = state.agent.id
            let memory = try MemoryEditWriter(
                of: state.memory, calls: step.memoryCalls, ids: core.ids, time: time, db)
            if !step.memoryCalls.isEmpty, try AgentStore.rowForUpdate(agent, db) == nil {
                throw APIError.notFound("Agent", agent)
            }
            var messages = step.messages
            try memory.apply(readAs: state.blocks, results: &messages, db)
            try TurnStore.append(
                messages, to: agent, in: state.memory.conversation, model: state.config.model,
                ending: step.end == nil ? nil : state.run, db)
            _ = try ArchivalMemoryService.insert(step.passages, for: state.agent, ids: core.ids, db)
            if var row = step.row {
                row.step.cost = usage.prices.dollars(for: row.step, isBatched: step.isBatched)
                try db.insert(row, into: StepStore.table)
                try usage.add(row.step, isBatched: step.isBatched, of: state.usageSubject, at: time, db)
                if step.end == nil {
                    state.reachedLimit = try UsageMeter.reached(state.usageSubject, beginning: false, at: time, db)
                }
            }
            try WaitingApprovalStore.insert(step, state, db)
            if let trace = step.trace { try StepStore.insert(trace, spans: step.spans, db) }
            try RunStore.update(state.run, at: time, db)
            if !step.runSpans.isEmpty { try RunStore.setSpans(step.runSpans, of: state.run.id, db) }
            try clearContext(of: state, after: step, db)
            if let permille = step.tokenPermille {
                try CompactionStore.setTokenPermille(permille, of: agent, db)
            }
            state.context.history += messages
            if !step.memoryCalls.isEmpty {
                state.setBlocks(try state.memory.blocks(db))
            }
            if !step.memoryCalls.isEmpty || step.opensFiles {
                try state.memory.resolveSystemMessage(at: time, db)
                if let system = try state.memory.systemMessage(db) {
                    state.context.setSystemMessage(system)
                }
            }
        }
        core.changes.tell(step, of: stored)
        return stored
    }

    /// Stores a step's first message ahead of the step, because its calls have effects outside.
    func storeCalls(_ message: TurnMessage, of state: TurnState) async throws -> TurnState {
        try await write(state) { state, db in
            try TurnStore.append(
                [message], to: state.agent.id, in: state.memory.conversation, model: state.config.model, db)
            state.context.history.append(message)
        }
    }

    private func write(
        _ state: TurnState, _ body: @escaping @Sendable (inout TurnState, Transaction) throws -> Void
    ) async throws -> TurnState {
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: state.scope) { db in
                var state = state
                try body(&state, db)
                return state
            }
        }
    }
}

/// What a step leaves behind, ready to be stored.
struct StepResult: Sendable {
    var messages: [TurnMessage]
    /// The calls that edited memory, in their order.
    var memoryCalls: [MemoryCall]
    /// Whether a call opened or closed files, which the system message shows.
    var opensFiles: Bool
    /// What the step added to archival memory.
    var passages: [NewPassage]
    /// Nil when no model was called.
    var row: StepRow?
    var trace: ProviderTrace?
    /// The spans of the step, which are kept with its trace.
    var spans: [RunSpan]
    /// The spans of the run that are of none of its steps; none where they are stored already.
    var runSpans: [RunSpan]
    var end: TurnEnd?
    /// What the agent's calls showed of its tokens; nil when nothing changed.
    var tokenPermille: Int?
    /// Whether a batch of the provider answered the model call.
    var isBatched = false
}

extension Run {
    /// - Parameter failure: why the turn failed, which the run then says.
    mutating func end(_ stop: TurnStop, because failure: TurnFailure? = nil, at time: Timestamp) {
        status = RunStatus(rawValue: stop.runStatus) ?? .failed
        stopReason = StopReason(rawValue: stop.rawValue)
        completedAt = time
        if status == .failed { explain(failure?.reason ?? stop.reason) }
    }
}
