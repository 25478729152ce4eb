import AgentEngine

/// Runs the tools that edit core memory, and those that depend on their arguments alone. Edits are written with the
/// step.
struct MemoryToolExecutor: ToolExecutor {
    func run(_ call: ToolRun, in context: ToolContext) throws -> ToolResult {
        guard let result = MemoryTools.run(call.tool, arguments: call.arguments, blocks: context.memory) else {
            throw ToolFailure(.exception, "This tool is not available.")
        }
        return ToolResult(result.outcome, memory: result.edits.isEmpty ? nil : result.blocks)
    }
}
