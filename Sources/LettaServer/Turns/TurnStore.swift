import AgentEngine
import JSON
import LettaAPI
import Storage

/// When an agent's context was read: the database's mark under a name for those who know no database.
typealias ContextMark = DatabaseMark

/// What a turn reads and writes, each in one transaction.
struct TurnStore: Sendable {
    let core: Core

    /// Loads the agent, stores the new messages and the run together, and gives results to calls that an interrupted
    /// turn left without one.
    ///
    /// The model may be asked at once; nobody outside is told before it is settled. What was read is not understood yet:
    /// where it can't be, the messages and a failed run are what remains.
    ///
    /// - Parameters:
    ///   - isAccepted: whether the run is stored already and only begins now.
    ///   - kept: what the agent's last turn left; used when nobody has changed anything since.
    func open(
        _ request: TurnRequest, _ run: Run, isAccepted: Bool, kept: TurnState?, at time: Timestamp, as scope: Scope
    ) async throws -> Committed<TurnMaterial> {
        try await core.storage.commit(as: scope, quietly: true) { [core] db in
            let mark = try db.mark()
            var material: TurnMaterial
            if let kept, kept.mark == mark {
                material = TurnMaterial(scope: scope, run: run, context: .kept(kept))
            } else {
                guard let agent = try AgentStore.rowForUpdate(request.agent, db) else {
                    throw APIError.notFound("Agent", request.agent)
                }
                try SystemMessageService.resolve(agent.id, at: time, db)
                material = try Self.material(of: agent, run, at: mark, db)
            }
            let closing = HistoryRepair.openCalls(in: try material.endOfContext()).map { calls in
                HistoryRepair.closing(
                    calls.calls, id: core.ids.next(Message.self).rawValue, stepID: nil, runID: nil,
                    createdAt: time.microseconds)
            }
            material.new = closing + request.messages(runID: run.id, at: time, ids: core.ids)
            if isAccepted {
                try RunStore.update(run, at: time, db)
            } else {
                try RunStore.insert(run, db)
            }
            try Self.append(material.new, to: request.agent, model: nil, db)
            return material
        }
    }

    /// What ``open(_:_:isAccepted:kept:at:as:)`` would give, without storing anything.
    func preview(
        _ request: TurnRequest, _ run: Run, at time: Timestamp, as scope: Scope
    ) async throws -> TurnMaterial {
        try await core.storage.read(as: scope) { [core] db in
            guard let agent = try AgentStore.row(request.agent, db) else {
                throw APIError.notFound("Agent", request.agent)
            }
            var material = try Self.material(of: agent, run, at: nil, db)
            if let stored = try MessageStore.systemMessage(of: agent.id, db) {
                material.system = try SystemMessageService.current([stored], db)[0].turnMessage()
            }
            material.new = request.messages(runID: run.id, at: time, ids: core.ids)
            return material
        }
    }

    private static func material(
        of agent: AgentRow, _ run: Run, at mark: ContextMark?, _ db: Transaction
    ) throws -> TurnMaterial {
        let rows = TurnMaterial.Rows(
            mark: mark, agent: agent, messages: try MessageStore.turnContext(of: agent.id, db),
            tools: try ToolStore.callableTools(of: agent.id, db),
            blocks: try AgentBlockStore.rows(of: [agent.id], db))
        return TurnMaterial(scope: db.scope, run: run, context: .rows(rows))
    }

    /// Stores a step: what was said, the edits of memory, the step's own row and the run's state land together.
    ///
    /// Memory that someone else changed since the turn read it is edited anew, once, as the calls say. The turn may go
    /// on at once; nobody outside is told before it is settled.
    func persist(
        _ outcome: StepOutcome, of state: TurnState, at time: Timestamp
    ) async throws -> Provisional<TurnState> {
        // What is said to and by the agent is in the state; what its tools change may be others' too.
        let isQuiet = outcome.memoryCalls.isEmpty && outcome.passages.isEmpty
        let stored = try await core.storage.commit(as: state.scope, quietly: isQuiet) { [core] db in
            var state = state
            let writer = try MemoryWriterStore(
                agent: state.agent.id, calls: outcome.memoryCalls, ids: core.ids, time: time, db)
            let agent = state.agent.id
            if !outcome.memoryCalls.isEmpty, try AgentStore.rowForUpdate(agent, db) == nil {
                throw APIError.notFound("Agent", agent)
            }
            var messages = outcome.messages
            try writer.apply(readAs: state.blocks, results: &messages, db)
            let run = outcome.end == nil ? nil : state.run
            try Self.append(messages, to: agent, model: state.config.model, ending: run, db)
            _ = try ArchivalMemoryService.insert(outcome.passages, for: state.agent, ids: core.ids, db)
            try StepStore.insert(outcome.row, db)
            if let trace = outcome.trace { try StepStore.insert(trace, db) }
            try RunStore.update(state.run, at: time, db)
            state.history += messages
            // It is this step that has moved the mark; what others wrote before can't be told from it.
            if !isQuiet { state.mark = nil }
            if !outcome.memoryCalls.isEmpty {
                try SystemMessageService.resolve(agent, at: time, db)
                state.blocks = try AgentBlockStore.blocks(of: [agent], db)[agent] ?? []
                if let system = try MessageStore.systemMessage(of: agent, db) {
                    state.history[0] = try system.turnMessage()
                }
            }
            return state
        }
        return Provisional(value: stored.value, settle: stored.settle)
    }

    /// Stores how a run ended whose last step did not say so.
    func close(_ run: Run, of agent: ID<AgentState>, at time: Timestamp, as scope: Scope) async throws {
        try await core.storage.write(as: scope, quietly: true) { db in
            try RunStore.update(run, at: time, db)
            try AgentTurnStore.setLastRun(run, of: agent, db)
        }
    }

    /// Puts messages behind all others of the agent, and behind the last one in its context.
    static func append(
        _ messages: [TurnMessage], to agent: ID<AgentState>, model: String?, ending run: Run? = nil, _ db: Transaction
    ) throws {
        let first = try AgentTurnStore.takePositions(messages.count, of: agent, ending: run, db)
        guard let position = first else { throw APIError.notFound("Agent", agent) }
        let rows = messages.enumerated().map { index, message in
            MessageRow(
                message, agentID: agent, position: position + index, model: message.role == .user ? nil : model)
        }
        try MessageStore.insert(rows, db)
    }
}

/// What a turn works on. Rows are as they were read: understanding them takes longer than reading them, and is not for
/// the database's thread.
struct TurnMaterial: Sendable {
    struct Rows: Sendable {
        let mark: ContextMark?
        let agent: AgentRow
        let messages: [ContextRow]
        let tools: [CallableToolRow]
        let blocks: [SQLRow]
    }

    enum Context: Sendable {
        case rows(Rows)
        case kept(TurnState)
    }

    let scope: Scope
    let run: Run
    let context: Context
    /// The system message that takes the place of the stored one; nil where that is current.
    var system: TurnMessage?
    /// The messages behind those in the context.
    var new: [TurnMessage] = []

    var agent: AgentRow {
        switch context {
        case .rows(let rows): rows.agent
        case .kept(let state): state.agent
        }
    }

    /// What the agent said last, and what follows it.
    func endOfContext() throws -> [TurnMessage] {
        switch context {
        case .rows(let rows): try Self.end(of: rows.messages) { try $0.message() }
        case .kept(let state): Self.end(of: state.history) { $0 }
        }
    }

    private static func end<Row>(
        of rows: [Row], _ message: (Row) throws -> TurnMessage
    ) rethrows -> [TurnMessage] {
        var end: [TurnMessage] = []
        for row in rows.reversed() {
            end.append(try message(row))
            if end.last?.role == .assistant { break }
        }
        return end.reversed()
    }

    func state(for request: TurnRequest, config: LLMConfig) throws -> TurnState {
        var state: TurnState
        switch context {
        case .kept(let kept):
            state = kept
            try state.goOn(with: run, config: config, as: scope)
        case .rows(let rows):
            state = TurnState(
                scope: scope, run: run, mark: rows.mark, agent: rows.agent, config: config, tools: rows.tools,
                schemas: try ToolSchema.schemas(of: rows.tools, isStrict: config.strict),
                blocks: try rows.blocks.map { try BlockRow($0) }, history: try rows.messages.map { try $0.message() })
        }
        if let system { state.history[0] = system }
        state.overrideSystem = request.overrideSystem
        state.skills = SkillTree.element(of: request.skills.map(\.skill))
        state.history += new
        return state
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
