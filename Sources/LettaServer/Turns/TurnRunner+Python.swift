import AgentEngine
import LettaAPI

/// What a turn does for users' own tools: they have effects that no transaction takes back.
extension TurnRunner {
    /// Stores what the model said before its calls run, so that a call that ran is known after any end.
    func storeCalls(_ message: TurnMessage, _ turn: RunningTurn) async throws -> [StepAction] {
        turn.state = try await shieldedFromCancellation { [state = turn.state] in
            try await store.storeCalls(message, of: state)
        }
        return turn.machine.receive(.callsStored)
    }

    /// What came of the calls of users' own tools among `runs`, which run side by side; by the ids of the calls.
    func pythonOutcomes(of runs: [ToolRun], _ turn: RunningTurn) async -> [String: ToolOutcome] {
        await withTaskGroup(of: (String, ToolOutcome).self) { group in
            for run in runs {
                guard let tool = turn.state.customTool(run.tool) else { continue }
                group.addTask { [state = turn.state] in
                    (run.callID, await python.run(run, tool, by: state.agent.id, as: state.scope))
                }
            }
            var outcomes: [String: ToolOutcome] = [:]
            for await (callID, outcome) in group { outcomes[callID] = outcome }
            return outcomes
        }
    }
}

extension TurnState {
    /// The agent's tool of that name, if a user wrote it.
    func customTool(_ name: String) -> CallableToolRow? {
        tools.first { $0.name == name && $0.toolType == ToolService.custom }
    }
}
