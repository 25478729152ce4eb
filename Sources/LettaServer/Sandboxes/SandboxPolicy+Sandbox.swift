import LettaAPI
import ToolRuntime

extension SandboxPolicy {
    /// What is in force in a sandbox at this moment.
    init(_ sandbox: ToolSandbox) {
        let missing = sandbox.missingPrograms
        let isWhole = missing.isEmpty
        let reason = "Missing: \(missing.joined(separator: ", ")). Install bubblewrap, python3 and util-linux."
        func wall(_ name: String, _ text: String) -> Measure {
            Measure(name, isInForce: isWhole, isWhole ? text : reason)
        }
        let limits = sandbox.limits
        self.init(
            canRun: isWhole,
            measures: [
                wall("namespaces", "bubblewrap: users, processes, network, mounts, IPC and host name of its own"),
                wall("seccomp", "System calls that no tool needs are refused"),
                wall("no_network", "A tool reaches nothing, not even this machine"),
                Measure(
                    "unprivileged_user", isInForce: isWhole,
                    sandbox.changesUser
                        ? "The server runs as root, its tools as nobody" : "Tools run as the server's user"
                ),
                Measure(
                    "control_groups", isInForce: sandbox.controlGroups != nil,
                    sandbox.controlGroups != nil
                        ? "The kernel counts the memory of each call"
                        : "The system delegates no control group (version 2); memory is counted ten times a second"),
                Measure("landlock", isInForce: false, "Not used: the mounts of the sandbox hold no file of the server"),
                Measure(
                    "packages", isInForce: sandbox.packagesFolder != nil,
                    sandbox.packagesFolder != nil
                        ? "Packages are installed ahead of calls, from wheels only"
                        : "LETTA_TOOL_PACKAGES is not set: pip_requirements are stored and not installed"),
            ],
            limits: Limits(
                seconds: limits.seconds, memory: limits.memory, fileSize: limits.file,
                temporaryFolder: limits.temporaryFolder, descriptors: limits.descriptors, processes: limits.processes,
                result: limits.answer, output: limits.output))
    }
}
