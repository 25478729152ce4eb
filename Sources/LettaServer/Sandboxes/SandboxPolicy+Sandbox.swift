import LettaAPI
import ToolRuntime

extension SandboxPolicy {
    /// What is in force in a sandbox at this moment.
    init(_ sandbox: ToolSandbox) {
        let missing = sandbox.missingPrograms
        let limits = sandbox.limits
        self.init(
            canRun: missing.isEmpty && sandbox.walls.letRun,
            measures: Self.walls(sandbox, missing) + Self.offers(sandbox),
            limits: Limits(
                seconds: limits.seconds, memory: limits.memory, fileSize: limits.file,
                temporaryFolder: limits.temporaryFolder, descriptors: limits.descriptors, processes: limits.processes,
                result: limits.answer, output: limits.output))
    }

    private static func walls(_ sandbox: ToolSandbox, _ missing: [String]) -> [Measure] {
        let absent = missing.isEmpty ? nil : "Missing: \(missing.joined(separator: ", ")). "
        func wall(_ name: String, in walls: [ToolSandbox.Walls], _ text: String, orElse reason: String) -> Measure {
            let isInForce = absent == nil && walls.contains(sandbox.walls)
            let why = absent.map { $0 + "Install bubblewrap, python3 and util-linux." } ?? reason
            return Measure(name, isInForce: isInForce, isInForce ? text : why)
        }
        let refusal =
            switch sandbox.walls {
            case .refused(let reason): reason
            case .none: "Switched off by LETTA_TOOLS_WITHOUT_SANDBOX, as this machine has none of it"
            case .landlock: "bubblewrap can't make namespaces here; Landlock has to do alone"
            case .namespaces: ""
            }
        return [
            wall(
                "namespaces", in: [.namespaces],
                "bubblewrap: users, processes, network, mounts, IPC and host name of its own", orElse: refusal),
            wall(
                "landlock", in: [.namespaces, .landlock],
                "Landlock, where the kernel has it: no writing outside of temporary folders, no signals to other processes",
                orElse: refusal),
            wall(
                "seccomp", in: [.namespaces, .landlock, .none], "System calls that no tool needs are refused",
                orElse: refusal),
            sandbox.network.isEmpty || !sandbox.hasDoors
                ? wall(
                    "no_network", in: [.namespaces, .landlock], "A tool reaches nothing, not even this machine",
                    orElse: refusal)
                : Measure(
                    "no_network", isInForce: false,
                    "LETTA_TOOL_NETWORK lets tools reach \(sandbox.network.joined(separator: ", ")) over HTTP, by a proxy that "
                        + "refuses private addresses; nothing else"),
            wall(
                "unprivileged_user", in: [.namespaces, .landlock, .none],
                sandbox.changesUser ? "The server runs as root, its tools as nobody" : "Tools run as the server's user",
                orElse: refusal),
        ]
    }

    private static func offers(_ sandbox: ToolSandbox) -> [Measure] {
        let refusal = sandbox.walls == .namespaces ? sandbox.warm?.refusal : "It needs namespaces"
        return [
            Measure(
                "control_groups", isInForce: sandbox.controlGroups != nil,
                sandbox.controlGroups != nil
                    ? "The kernel counts the memory of each call"
                    : "The system delegates no control group (version 2); memory is counted ten times a second"),
            Measure(
                "warm_start", isInForce: sandbox.warm != nil && refusal == nil,
                sandbox.warm == nil
                    ? "Each call starts a sandbox of its own"
                    : refusal
                        ?? "A process that has loaded Python forks for each call, into namespaces of the call's own"),
            Measure(
                "packages", isInForce: sandbox.packagesFolder != nil,
                sandbox.packagesFolder != nil
                    ? "Packages are installed ahead of calls, from wheels only"
                    : "LETTA_TOOL_PACKAGES is not set: pip_requirements are stored and not installed"),
            Measure(
                "typescript", isInForce: sandbox.node != nil,
                sandbox.node.map { "\($0) runs JavaScript and TypeScript, in the same sandbox" } ?? ToolSandbox.noNode),
        ]
    }
}

extension ToolSandbox.Walls {
    /// Whether anything runs.
    fileprivate var letRun: Bool {
        if case .refused = self { return false }
        return true
    }
}
