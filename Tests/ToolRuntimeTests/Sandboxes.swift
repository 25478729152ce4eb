import JSON
import Testing

@testable import ToolRuntime

/// The boxes that tests share.
let sharedBoxes = WarmSandboxes(most: 12)

/// The usual sandbox, quick to start.
var warmSandbox: ToolSandbox {
    var sandbox = ToolSandbox()
    sandbox.warm = sharedBoxes
    return sandbox
}

/// Runs a function `f` whose body is given, in a sandbox with limits that suit a test.
func run(
    body: String, _ change: (inout ToolSandbox) -> Void = { _ in }, environment: [String: String] = [:]
) async throws -> PythonResult {
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
    return try await run(source: "def f():\n\(lines.joined(separator: "\n"))\n", [:], change, environment: environment)
}

func run(
    source: String, _ arguments: JSONObject = [:], schema: JSONValue? = nil,
    _ change: (inout ToolSandbox) -> Void = { _ in }, environment: [String: String] = [:]
) async throws -> PythonResult {
    var sandbox = warmSandbox
    change(&sandbox)
    return try await PythonToolRunner(sandbox: sandbox).run(
        PythonCall(
            source: source, function: "f", shownName: "f", arguments: arguments, schema: schema,
            environment: environment), for: SandboxOwner(organization: "org", agent: "agent"))
}
