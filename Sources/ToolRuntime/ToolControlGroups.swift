import FoundationEssentials
import Glibc

/// Makes control groups (version 2) for sandboxes where the system delegates a group to this process: systemd does with
/// `Delegate=yes`, and containers do whose `/sys/fs/cgroup` is writable.
///
/// A group counts everything that a sandbox takes, also the kernel's memory, and is killed as a whole when that is too
/// much.
package struct ToolControlGroups: Sendable {
    /// The groups of sandboxes are made in this one.
    private let parent: String

    /// Moves this process into a group `server` of its own, because a group that limits others may hold no process itself.
    ///
    /// - Parameters:
    ///   - root: where control groups are mounted.
    ///   - membership: what `/proc/self/cgroup` would say; nil to read it.
    /// - Returns: nil where nothing is delegated; nothing has changed then.
    package init?(root: String = "/sys/fs/cgroup", membership: String? = nil) {
        let lines = (membership ?? Self.text(of: "/proc/self/cgroup")).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else { return nil }
        parent = root + (line == "0::/" ? "" : line.dropFirst(3))
        let controllers = Self.words(in: "\(parent)/cgroup.controllers")
        guard controllers.isSuperset(of: Self.controllers), access(parent, W_OK) == 0 else { return nil }
        if Self.words(in: "\(parent)/cgroup.subtree_control").isSuperset(of: Self.controllers) { return }
        let server = "\(parent)/server"
        guard mkdir(server, 0o755) == 0 || errno == EEXIST else { return nil }
        let enabled = Self.controllers.sorted().map { "+\($0)" }.joined(separator: " ")
        guard Self.write("\(getpid())", to: "\(server)/cgroup.procs"),
            Self.write(enabled, to: "\(parent)/cgroup.subtree_control")
        else {
            // Other processes are in the group too, for one.
            _ = Self.write("\(getpid())", to: "\(parent)/cgroup.procs")
            rmdir(server)
            return nil
        }
    }

    private static let controllers: Set<String> = ["memory", "pids"]

    /// The group of one sandbox.
    struct Group: Sendable {
        let path: String

        /// Whether the kernel killed it for its memory.
        var hasRunOutOfMemory: Bool {
            ToolControlGroups.text(of: "\(path)/memory.events").split(separator: "\n").contains {
                $0.hasPrefix("oom_kill ") && $0 != "oom_kill 0"
            }
        }

        /// Kills what is left in it and removes it, also in a cancelled task.
        func remove() async {
            let kill = "\(path)/cgroup.kill"
            if access(kill, W_OK) == 0 { _ = ToolControlGroups.write("1", to: kill) }
            await Task {
                for _ in 0..<100 {
                    // Busy: the kernel has not removed the killed processes yet.
                    guard rmdir(path) != 0, errno == EBUSY else { return }
                    try? await ContinuousClock().sleep(for: .milliseconds(5))  // nobody cancels this task
                }
            }.value
        }
    }

    /// Kills and removes the groups of servers that were killed.
    package func removeAbandoned() async {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
            let words = name.split(separator: "-")
            guard words.count == 3, words[0] == "tool", let server = pid_t(words[1]), kill(server, 0) != 0,
                errno == ESRCH
            else { continue }
            await Group(path: "\(parent)/\(name)").remove()
        }
    }

    /// - Throws: `SandboxFailure` when the delegated group can't be used any more.
    func create(for limits: ToolSandbox.Limits) throws(SandboxFailure) -> Group {
        // The process is named for `removeAbandoned`: another server may use the same parent.
        let group = Group(path: "\(parent)/tool-\(getpid())-\(UInt64.random(in: 0 ... .max))")
        guard mkdir(group.path, 0o755) == 0 else {
            throw .broken("the control group \(group.path) can't be made: \(String(cString: strerror(errno)))")
        }
        // What the sandbox itself takes comes on top.
        let memory = limits.memory + limits.temporaryFolder + Self.overhead
        let isLimited =
            Self.write("\(memory)", to: "\(group.path)/memory.max")
            && Self.write("\(limits.processes + 8)", to: "\(group.path)/pids.max")
            && Self.write("1", to: "\(group.path)/memory.oom.group")
        guard isLimited else {
            rmdir(group.path)
            throw .broken("the control group \(group.path) takes no limits")
        }
        // There is no such file on a kernel without swap.
        _ = Self.write("0", to: "\(group.path)/memory.swap.max")
        return group
    }

    private static let overhead = 96 << 20

    private static func words(in file: String) -> Set<String> {
        Set(text(of: file).split { $0 == " " || $0 == "\n" }.map(String.init))
    }

    /// Empty when there is no such file.
    private static func text(of file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    private static func write(_ text: String, to file: String) -> Bool {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
