import AgentEngine
import JSON
import LettaAPI
import ToolRuntime

extension PythonToolExecutor {
    /// The agent as a function with a parameter `agent_state` gets it; nil for a source that does not name it.
    static func agentState(of context: ToolContext) throws -> JSONValue? {
        guard context.tool.sourceCode?.contains("agent_state") == true else { return nil }
        let agent = context.agent
        return [
            "id": .string(agent.id.rawValue), "name": .string(agent.name),
            "agent_type": .string(agent.agentType.rawValue), "system": .string(agent.system),
            "description": agent.description.map { .string($0) } ?? .null,
            "metadata": try agent.metadata?.json.value() ?? .null, "timezone": .string(agent.timezone),
            "llm_config": try agent.llmConfig.json.value(), "model": agent.model.map { .string($0) } ?? .null,
            "tool_rules": try agent.toolRules.value(),
            "blocks": .array(
                context.memory.map { block in
                    [
                        "label": .string(block.label), "value": .string(block.value),
                        "description": block.description.map { .string($0) } ?? .null,
                        "limit": .int(Int64(block.limit)), "read_only": .bool(block.readOnly),
                    ]
                }),
        ]
    }

    /// The result of a call with what it changed in the agent's memory, if that can be written.
    static func result(_ python: PythonResult, of tool: String, memory: [MemoryBlock]) -> ToolResult {
        var result = ToolResult(ToolOutcome(python))
        result.value = python.value
        guard python.succeeded, !python.blockValues.isEmpty else { return result }
        let edit = MemoryTools.set(python.blockValues, by: tool, blocks: memory)
        guard edit.outcome.succeeded else {
            let reason = PythonText.text(of: edit.outcome.result)
            result.outcome.result = .string("Error executing function \(tool): ValueError: \(reason)")
            result.outcome.succeeded = false
            return result
        }
        result.blockValues = python.blockValues
        return result
    }
}
