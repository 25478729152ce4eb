import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage

/// Runs a tool of an agent because a client asks for it, between the agent's turns.
struct AgentToolRunService: Sendable {
    let core: Core
    let executors: ToolExecutors
    let line: AgentLine

    func run(
        _ name: String, of agent: ID<AgentState>, _ arguments: ObjectDocument?, as scope: Scope
    ) async throws -> ToolExecutionResult {
        let call = ToolRun(name, try arguments?.json.value().object ?? [:], id: "call-\(core.ids.uuid())")
        return try await line.between(turnsOf: agent, as: scope) { try await run(call, name, of: agent, as: scope) }
    }

    private func run(
        _ call: ToolRun, _ name: String, of agent: ID<AgentState>, as scope: Scope
    ) async throws -> ToolExecutionResult {
        let (row, tools, blocks) = try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(agent, db) else { throw APIError.notFound("Agent", agent) }
            return (
                row, try ToolStore.callableTools(of: agent, db),
                try AgentBlockStore.blocks(of: [agent], db)[agent] ?? []
            )
        }
        guard let tool = tools.first(where: { $0.name == name }) else {
            throw APIError(404, "Tool '\(name)' not found or not attached to agent '\(agent)'")
        }
        let context = ToolContext(
            scope: scope, agent: row, tool: tool, memory: blocks.map(\.memoryBlock), passages: [])
        var result = try await self.result(of: call, in: context)
        result.outcome = try await store(result, of: call, by: agent, readAs: blocks, as: scope)
        return ToolExecutionResult(result, limit: executors.plan(for: tool, nil).returnLimit)
    }

    private func result(of call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let entry = executors.entry(for: context.tool) else {
            return ToolResult(
                ToolOutcome(.string("The tool \(call.tool) is not served yet by this server."), succeeded: false))
        }
        do {
            return try await entry.executor.run(call, in: context)
        } catch let failure as ToolFailure {
            return ToolResult(ToolOutcome(failure, of: call.tool))
        }
    }

    /// Writes what the call changed.
    ///
    /// - Returns: the outcome, which is a failure where an edit could not be written.
    private func store(
        _ result: ToolResult, of call: ToolRun, by agent: ID<AgentState>, readAs blocks: [BlockRow], as scope: Scope
    ) async throws -> ToolOutcome {
        let edits =
            result.memory != nil || result.blockValues != nil ? [MemoryCall(call, values: result.blockValues)] : []
        guard !edits.isEmpty || !result.passages.isEmpty else { return result.outcome }
        let time = core.now()
        defer { if !result.passages.isEmpty { executors.passagesAreStored() } }
        return try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: scope) { db in
                let memory = try MemoryEditWriter(
                    of: TurnMemory(of: agent), calls: edits, ids: core.ids, time: time, db)
                guard let row = try AgentStore.rowForUpdate(agent, db) else {
                    throw APIError.notFound("Agent", agent)
                }
                let replaced = try memory.apply(readAs: blocks, db)
                _ = try ArchivalMemoryService.insert(result.passages, for: row, ids: core.ids, db)
                try SystemMessageService.resolve(agent, at: time, db)
                return replaced[call.callID] ?? result.outcome
            }
        }
    }
}

extension ToolExecutionResult {
    /// - Parameter limit: the most characters of a text.
    fileprivate init(_ result: ToolResult, limit: Int?) {
        let outcome = result.outcome
        var value = outcome.succeeded ? result.value ?? .string(PythonText.text(of: outcome.result)) : outcome.result
        if let limit, value.string != nil { value = value.cut(toCharacters: limit) }
        self.init(status: outcome.succeeded ? "success" : "error", funcReturn: value)
        stdout = outcome.stdout
        stderr = outcome.stderr
    }
}
