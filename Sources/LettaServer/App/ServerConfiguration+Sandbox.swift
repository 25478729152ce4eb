import LettaAPI
package import ToolRuntime

extension ServerConfiguration {
    /// The sandbox for tools, as strong as this machine allows.
    package func sandbox(_ controlGroups: ToolControlGroups?) async -> ToolSandbox {
        var sandbox = ToolSandbox(controlGroups: controlGroups)
        sandbox.packagesFolder = toolPackages
        sandbox.warm = WarmSandboxes()
        sandbox.network = toolNetwork
        sandbox.privateHosts = privateHosts.map { $0.lowercased() }
        // Without its programs nothing runs, and what is missing is said at each call.
        if sandbox.missingPrograms.isEmpty {
            sandbox.walls = await sandbox.strongestWalls(orNone: allowsToolsWithoutSandbox)
        }
        sandbox.node = await sandbox.usableNode(node)
        return sandbox
    }

    /// What is in force for tools, for a person: a line for each measure.
    func sandboxLines() async -> [String] {
        let policy = SandboxPolicy(await sandbox(nil))
        return ["", "Tools \(policy.canRun ? "can" : "can't") run here:"]
            + policy.measures.map { "  \($0.isInForce ? "+" : "-") \($0.name): \($0.reason)" }
    }
}
