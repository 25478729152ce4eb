import AgentEngine
import JSON
import LettaAPI
import Storage

/// What a turn reads and writes, each in one transaction.
struct TurnStore: Sendable {
    let storage: any StorageEngine
    let ids: IDSource

    /// Loads the agent, stores the new messages and the run together, and gives results to calls that an interrupted
    /// turn left without one.
    ///
    /// The model may be asked at once; nobody outside is told before it is settled. What was read is not understood yet:
    /// where it can't be, the messages and a failed run are what remains.
    ///
    /// - Parameter isAccepted: whether the run is stored already and only begins now.
    func open(
        _ request: TurnRequest, _ run: Run, isAccepted: Bool, at time: Timestamp, as scope: Scope
    ) async throws -> Committed<TurnMaterial> {
        try await storage.commit { [ids] db in
            guard let agent = try AgentStore.rowForUpdate(request.agent, in: scope, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            var material = try Self.material(of: agent, run, in: scope, db)
            let closing = HistoryRepair.openCalls(in: try material.endOfContext()).map { calls in
                HistoryRepair.closing(
                    calls.calls, id: ids.next(Message.self).rawValue, stepID: nil, runID: nil,
                    createdAt: time.microseconds)
            }
            material.new = closing + request.messages(runID: run.id, at: time, ids: ids)
            if isAccepted {
                try RunStore.update(run, at: time, in: scope, db)
            } else {
                try RunStore.insert(run, in: scope, db)
            }
            try Self.append(material.new, to: agent.id, model: nil, in: scope, db)
            return material
        }
    }

    /// What ``open(_:_:isAccepted:at:as:)`` would give, without storing anything.
    func preview(
        _ request: TurnRequest, _ run: Run, at time: Timestamp, as scope: Scope
    ) async throws -> TurnMaterial {
        try await storage.read { [ids] db in
            guard let agent = try AgentStore.row(request.agent, in: scope, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            var material = try Self.material(of: agent, run, in: scope, db)
            material.new = request.messages(runID: run.id, at: time, ids: ids)
            return material
        }
    }

    private static func material(
        of agent: AgentRow, _ run: Run, in scope: Scope, _ db: any SQLExecutor
    ) throws -> TurnMaterial {
        TurnMaterial(
            scope: scope, agent: agent, run: run,
            context: try MessageStore.turnContext(of: agent.id, in: scope, db),
            tools: try ToolStore.callableTools(of: agent.id, in: scope, db),
            blocks: try AgentBlockStore.rows(of: [agent.id], in: scope, db))
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

/// What a turn works on, as it was read: understanding it takes longer than reading it, and is not for the database's
/// thread.
struct TurnMaterial: Sendable {
    let scope: Scope
    let agent: AgentRow
    let run: Run
    let context: [ContextRow]
    let tools: [CallableToolRow]
    let blocks: [SQLRow]
    /// The messages behind those in the context.
    var new: [TurnMessage] = []

    /// What the agent said last, and what follows it.
    func endOfContext() throws -> [TurnMessage] {
        var end: [TurnMessage] = []
        for row in context.reversed() {
            end.append(try row.message())
            if end.last?.role == .assistant { break }
        }
        return end.reversed()
    }

    func state(for request: TurnRequest, config: LLMConfig) throws -> TurnState {
        TurnState(
            scope: scope, run: run, agent: agent, config: config, tools: tools,
            schemas: try ToolSchema.schemas(of: tools, isStrict: config.strict),
            overrideSystem: request.overrideSystem, skills: SkillTree.element(of: request.skills.map(\.skill)),
            blocks: try blocks.map { try BlockRow($0) }, history: try context.map { try $0.message() } + new)
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
