import AgentEngine
import JSON
import LettaAPI
import Logging
import MCPClient
import Storage

/// Calls tools of MCP servers. Whatever is wrong with a server is an error that the model reads.
struct MCPToolExecutor: ToolExecutor {
    let core: Core
    let connector: MCPConnector

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        let name = context.tool.name
        do {
            let origin = try await core.storage.read(as: context.scope) { db in
                try MCPToolStore.origin(ofToolNamed: name, db)
            }
            guard let origin else { throw MCPFailure(.connection, "Its MCP server was deleted.") }
            let result = try await connector.call(
                origin.remoteName, of: origin.server, call.arguments, for: context.agent.id, as: context.scope)
            return ToolResult(ToolOutcome(result.value, succeeded: !result.isError))
        } catch is CancellationError {
            return Self.failure("Error: the turn was cancelled while this tool ran.")
        } catch let failure as MCPFailure {
            core.logger.info("A tool of an MCP server failed", metadata: ["tool": "\(name)", "error": "\(failure)"])
            return Self.failure("Error executing tool \(name): \(failure.message)")
        } catch let error as APIError {
            core.logger.error(
                "A tool could not run", metadata: ["tool": "\(name)", "error": "\(error.explanation)"])
            return Self.failure("Error executing tool \(name): \(error.explanation)")
        }
    }

    private static func failure(_ text: String) -> ToolResult {
        ToolResult(ToolOutcome(.string(text), succeeded: false))
    }
}
