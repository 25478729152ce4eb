import AgentEngine
import JSON
import LettaAPI
import Logging
import Storage
import ToolRuntime

/// Runs users' own tools in the sandbox.
struct PythonToolExecutor: ToolExecutor {
    let core: Core
    let runner: PythonToolRunner
    let secrets: SecretBox
    let sandboxes: SandboxService
    let packages: ToolPackageService
    let tokens: AccessTokenService

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        let tool = context.tool
        let environment: [String: String]
        do {
            environment = try await self.environment(of: context.agent.id, as: context.scope)
        } catch let error as APIError {
            let text = "Error executing function \(tool.name): \(error.explanation)"
            core.logger.error("A tool could not run", metadata: ["tool": "\(tool.name)", "error": "\(text)"])
            return ToolResult(ToolOutcome(.string(text), succeeded: false))
        }
        var python = PythonCall(
            source: tool.sourceCode ?? "", function: tool.name, shownName: tool.name, arguments: call.arguments,
            schema: try tool.jsonSchema?.value(), environment: environment)
        python.language = ToolRules.language(of: tool.sourceType)
        python.agent = try Self.agentState(of: context)
        do {
            python.packages = try await packages.folder(for: tool)
            let result = try await invoke(python, in: context)
            return Self.result(result, of: tool.name, memory: context.memory)
        } catch is CancellationError {
            return ToolResult(ToolOutcome("Error: the turn was cancelled while this tool ran.", succeeded: false))
        } catch let missing as PackagesMissing {
            return ToolResult(
                ToolOutcome(.string("Error executing function \(tool.name): \(missing)"), succeeded: false))
        } catch let failure as SandboxFailure {
            core.logger.error("A tool could not run", metadata: ["tool": "\(tool.name)", "error": "\(failure)"])
            return ToolResult(
                ToolOutcome(.string("Error executing function \(tool.name): \(failure)"), succeeded: false))
        }
    }

    /// Calls the function, with a token for its agent as long as the call lasts if its source looks as if it wants one and
    /// the user gave it no key.
    private func invoke(_ python: PythonCall, in context: ToolContext) async throws -> PythonResult {
        let owner = SandboxOwner(organization: context.scope.organization, agent: context.agent.id.rawValue)
        let wants =
            python.environment[PythonToolRunner.keyVariable] == nil
            && ["client", "LETTA_"].contains { python.source.contains($0) }
        guard wants, runner.offersAPI else { return try await runner.run(python, for: owner) }
        return try await tokens.withToken(for: context.agent.id, as: context.scope) { token in
            var python = python
            python.apiToken = token
            return try await runner.run(python, for: owner)
        }
    }

    /// The environment variables of the organization's tools, those of the agent, which take precedence, and the agent's
    /// id.
    func environment(of agent: ID<AgentState>, as scope: Scope) async throws -> [String: String] {
        let (shared, own) = try await core.storage.read(as: scope) { db in
            (try SandboxStore.variables(of: .local, db), try AgentStore.sealedSecrets(of: agent, db))
        }
        var environment = try sandboxes.open(shared)
        for secret in own {
            let place = SealedSecret.place(of: secret.name, agent: agent)
            environment[secret.name] = try secrets.open(secret.sealedValue, for: place, variable: secret.name)
        }
        environment["LETTA_AGENT_ID"] = agent.rawValue
        return environment
    }
}
