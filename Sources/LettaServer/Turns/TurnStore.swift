import AgentEngine
import JSON
import LettaAPI
import Storage

/// What a turn reads and writes, each in one transaction.
struct TurnStore: Sendable {
    let storage: any StorageEngine
    let ids: IDSource

    /// Loads the agent, stores the new messages and the run together, and closes calls that an interrupted turn left.
    ///
    /// The model may be asked at once; nobody outside is told before it is settled.
    ///
    /// - Parameter accepted: the run, where it is stored already and only begins now.
    func open(
        _ request: TurnRequest, accepted: Run? = nil, config: LLMConfig?, at time: Timestamp, as scope: Scope
    ) async throws -> Committed<TurnState> {
        try await storage.commit { [ids] db in
            guard let agent = try AgentStore.rowForUpdate(request.agent, in: scope, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            var run = accepted ?? request.run(id: ids.next(), at: time)
            run.status = .running
            if accepted == nil {
                try RunStore.insert(run, in: scope, db)
            } else {
                try RunStore.update(run, at: time, in: scope, db)
            }
            var history = try MessageStore.turnContext(of: agent.id, in: scope, db)
            let open = HistoryRepair.openCalls(in: history)
            let closing = open.map { calls in
                HistoryRepair.closing(
                    calls.calls, id: ids.next(Message.self).rawValue, stepID: nil, runID: nil,
                    createdAt: time.microseconds)
            }
            let new = closing + request.messages(runID: run.id, at: time, ids: ids)
            try Self.append(new, to: agent.id, model: nil, in: scope, db)
            history += new
            return try Self.state(of: agent, run, request, config: config, history: history, in: scope, db)
        }
    }

    /// What ``open(_:accepted:config:at:as:)`` would give, without storing anything.
    func preview(
        _ request: TurnRequest, config: LLMConfig?, at time: Timestamp, as scope: Scope
    ) async throws -> TurnState {
        try await storage.read { [ids] db in
            guard let agent = try AgentStore.row(request.agent, in: scope, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            let run = request.run(id: ids.next(), at: time)
            let history =
                try MessageStore.turnContext(of: agent.id, in: scope, db)
                + request.messages(runID: run.id, at: time, ids: ids)
            return try Self.state(of: agent, run, request, config: config, history: history, in: scope, db)
        }
    }

    private static func state(
        of agent: AgentRow, _ run: Run, _ request: TurnRequest, config: LLMConfig?, history: [TurnMessage],
        in scope: Scope, _ db: any SQLExecutor
    ) throws -> TurnState {
        TurnState(
            scope: scope, run: run, agent: agent, config: try config ?? agent.llmConfig.content(),
            tools: try ToolStore.callableTools(of: agent.id, in: scope, db),
            overrideSystem: request.overrideSystem, skills: SkillTree.element(of: request.skills.map(\.skill)),
            blocks: try AgentBlockStore.blocks(of: [agent.id], in: scope, db)[agent.id] ?? [], history: history)
    }

    /// Stores a step: what was said, the edits of memory, the step's own row and the run's state land together.
    ///
    /// Memory that someone else changed since the turn read it is edited anew, once, as the calls say. The turn may go
    /// on at once; nobody outside is told before it is settled.
    func persist(
        _ outcome: StepOutcome, of state: TurnState, at time: Timestamp
    ) async throws -> Provisional<TurnState> {
        let stored = try await storage.commit { [ids] db in
            var state = state
            let scope = state.scope
            let writer = try MemoryWriterStore(
                agent: state.agent.id, calls: outcome.memoryCalls, ids: ids, time: time, scope: scope, db)
            let agent = state.agent.id
            if !outcome.memoryCalls.isEmpty, try AgentStore.rowForUpdate(agent, in: scope, db) == nil {
                throw APIError.notFound("Agent", agent)
            }
            var messages = outcome.messages
            try writer.apply(readAs: state.blocks, results: &messages, db)
            let run = outcome.end == nil ? nil : state.run
            try Self.append(messages, to: agent, model: state.config.model, ending: run, in: scope, db)
            _ = try ArchivalMemoryService.insert(outcome.passages, for: state.agent, ids: ids, in: scope, db)
            try StepStore.insert(outcome.row, in: scope, db)
            if let trace = outcome.trace { try StepStore.insert(trace, in: scope, db) }
            try RunStore.update(state.run, at: time, in: scope, db)
            state.history += messages
            if !outcome.memoryCalls.isEmpty {
                state.blocks = try AgentBlockStore.blocks(of: [agent], in: scope, db)[agent] ?? []
                if let system = try MessageStore.systemMessage(of: agent, in: scope, db) {
                    state.history[0] = try system.turnMessage()
                }
            }
            return state
        }
        return Provisional(value: stored.value, settle: stored.settle)
    }

    /// Stores how a run ended whose last step did not say so.
    func close(_ run: Run, of agent: ID<AgentState>, at time: Timestamp, as scope: Scope) async throws {
        try await storage.write { db in
            try RunStore.update(run, at: time, in: scope, db)
            try AgentTurnStore.setLastRun(run, of: agent, in: scope, db)
        }
    }

    /// Puts messages behind all others of the agent, and behind the last one in its context.
    static func append(
        _ messages: [TurnMessage], to agent: ID<AgentState>, model: String?, ending run: Run? = nil, in scope: Scope,
        _ db: any SQLExecutor
    ) throws {
        let first = try AgentTurnStore.takePositions(messages.count, of: agent, ending: run, in: scope, db)
        guard let position = first else { throw APIError.notFound("Agent", agent) }
        let rows = messages.enumerated().map { index, message in
            MessageRow(
                message, agentID: agent, position: position + index, model: message.role == .user ? nil : model)
        }
        try MessageStore.insert(rows, in: scope, db)
    }
}

/// What a step leaves behind, ready to be stored.
struct StepOutcome: Sendable {
    var messages: [TurnMessage]
    /// The calls of memory tools in the step, in their order.
    var memoryCalls: [ToolRun]
    /// What the step put into archival memory.
    var passages: [NewPassage]
    var row: StepRow
    var trace: ProviderTrace?
    var end: TurnEnd?
}
