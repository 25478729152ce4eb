import AgentEngine
import JSON
import LettaAPI
import ToolRuntime

/// Runs `run_code`: a program that the model wrote, in the sandbox of users' tools.
struct CodeToolExecutor: ToolExecutor {
    static let name = "run_code"

    let python: PythonToolExecutor

    /// The program's own globals are those of a script.
    private static let source = """
        def run_code(code):
            exec(compile(code, "tool.py", "exec"), {"__name__": "__main__"})
        """

    private static let languages: [String: SourceLanguage] = [
        "python": .python, "js": .javascript, "ts": .typescript,
    ]

    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult {
        guard let tool = BaseTool.named(Self.name) else { throw ToolFailure(.exception, "This tool is not available.") }
        let given = try ToolArguments(call.arguments, for: tool)
        let code = try given.text("code")
        let language = given.string("language") ?? "python"
        guard let spoken = Self.languages[language] else {
            throw ToolFailure.value("This server runs programs in python, js and ts, not in \(language).")
        }
        var program = PythonCall(
            source: spoken == .python ? Self.source : code, function: Self.name, shownName: Self.name,
            arguments: spoken == .python ? ["code": .string(code)] : [:], schema: nil,
            environment: try await python.environment(of: context.agent.id, as: context.scope))
        program.language = spoken
        program.isProgram = spoken != .python
        let owner = SandboxOwner(organization: context.scope.organization, agent: context.agent.id.rawValue)
        let result: PythonResult
        do {
            result = try await python.runner.run(program, for: owner)
        } catch let failure as SandboxFailure {
            throw ToolFailure(.exception, "\(failure)")
        }
        var shown: JSONObject = [
            "results": [],
            "logs": [
                "stdout": .array(result.stdout.map { .string($0) }),
                "stderr": .array(result.stderr.map { .string($0) }),
            ],
        ]
        if !result.succeeded { shown["error"] = result.shown }
        return ToolResult(
            ToolOutcome(.object(shown), succeeded: result.succeeded, stdout: result.stdout, stderr: result.stderr))
    }
}
