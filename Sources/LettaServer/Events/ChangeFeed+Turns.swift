import AgentEngine
import LettaAPI

extension ChangeFeed {
    /// Says that a run began or ended.
    func tell(_ run: Run, as scope: Scope) {
        publish(ChangeNotice("runs", [run.id.rawValue, run.agentID.rawValue]), in: scope.organization)
    }

    /// Says that a step of a run is stored, what it changed, and that it waits for an approval.
    func tell(_ step: StepResult, of state: TurnState) {
        var ids = [state.run.id.rawValue, state.agent.id.rawValue]
        if let conversation = state.memory.conversation { ids.append(conversation.rawValue) }
        publish(ChangeNotice("steps", ids), in: state.scope.organization)
        guard let end = step.end else { return }
        tell(state.run, as: state.scope)
        if end.stop == .requiresApproval { publish(ChangeNotice("approvals", ids), in: state.scope.organization) }
    }
}
