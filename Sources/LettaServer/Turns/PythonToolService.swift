import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage
import ToolRuntime

/// Runs users' own tools for an agent.
struct PythonToolService: Sendable {
    let core: Core
    let runner: PythonToolRunner
    let secrets: SecretBox

    /// Whatever goes wrong is an outcome that the model reads.
    func run(_ run: ToolRun, _ tool: CallableToolRow, by agent: ID<AgentState>, as scope: Scope) async -> ToolOutcome {
        guard tool.sourceType != ToolRules.typescript else {
            return ToolOutcome(.string(ToolRules.noTypeScript), succeeded: false)
        }
        do {
            let call = PythonCall(
                source: tool.sourceCode ?? "", function: tool.name, shownName: tool.name, arguments: run.arguments,
                schema: try tool.jsonSchema?.value(), environment: try await environment(of: agent, as: scope))
            return ToolOutcome(try await runner.run(call))
        } catch is CancellationError {
            return ToolOutcome("Error: the turn was cancelled while this tool ran.", succeeded: false)
        } catch let failure as SandboxFailure {
            core.logger.error("A tool could not run", metadata: ["tool": "\(tool.name)", "error": "\(failure)"])
            return ToolOutcome(.string("Error executing function \(tool.name): \(failure)"), succeeded: false)
        } catch {
            core.logger.error("A tool could not run", metadata: ["tool": "\(tool.name)", "error": "\(error)"])
            return ToolOutcome(
                .string("Error executing function \(tool.name): the server could not prepare it."), succeeded: false)
        }
    }

    /// The agent's secrets as variables, and its id.
    private func environment(of agent: ID<AgentState>, as scope: Scope) async throws -> [String: String] {
        let sealed = try await core.storage.read(as: scope) { db in try AgentStore.sealedSecrets(of: agent, db) }
        var environment: [String: String] = [:]
        for secret in sealed {
            let place = SealedSecret.place(of: secret.name, agent: agent)
            environment[secret.name] = try secrets.open(secret.sealedValue, for: place)
        }
        environment["LETTA_AGENT_ID"] = agent.rawValue
        return environment
    }
}
