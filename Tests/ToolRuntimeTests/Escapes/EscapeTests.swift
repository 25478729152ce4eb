import Foundation
import JSON
import Testing

@testable import ToolRuntime

/// What hostile tools try, in every way in which tools run.
@Suite(.timeLimit(.minutes(3))) struct EscapeTests {
    /// The calls by their numbers on the machine of the test.
    private static let names = """
        import ctypes, glob, os, resource, shutil, signal, socket, stat, subprocess, sys, threading, time
        NUMBERS = {"open_by_handle_at": (304, 265), "ptrace": (101, 117), "process_vm_readv": (310, 270),
            "pidfd_getfd": (438, 438), "unshare": (272, 97), "clone": (56, 220), "setns": (308, 268), "mount": (165, 40),
            "umount2": (166, 39), "chroot": (161, 51), "io_uring_setup": (425, 425), "add_key": (248, 217),
            "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
            "memfd_create": (319, 279), "shmget": (29, 194), "kexec_load": (246, 104), "init_module": (175, 105),
            "sethostname": (170, 161), "clock_settime": (227, 112), "syslog": (103, 116), "reboot": (169, 142)}
        def call(name, *arguments):
            library = ctypes.CDLL(None, use_errno=True)
            number = NUMBERS[name][{"x86_64": 0, "aarch64": 1}[os.uname().machine]]
            found = library.syscall(number, *arguments)
            if found == -1:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            return found

        """

    private func outcome(
        of escape: Escape, in sandbox: ToolSandbox, _ targets: EscapeTargets
    ) async throws -> PythonResult {
        var sandbox = sandbox
        escape.limits(&sandbox.limits)
        let lines = escape.body.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        let source = Self.names + targets.names + "def f():\n\(lines.joined(separator: "\n"))\n"
        let call = PythonCall(source: source, function: "f", shownName: "f", arguments: [:], schema: nil)
        // Everybody is another organization: none waits for the shares of the others.
        let owner = SandboxOwner(organization: escape.name, agent: escape.name)
        return try await PythonToolRunner(sandbox: sandbox).run(call, for: owner)
    }

    @Test func `there are more than sixty`() {
        #expect(Escape.all.count > 60)
        #expect(Set(Escape.all.map(\.name)).count > 60)
    }

    @Test(arguments: EscapeWalls.allCases)
    func `none succeeds, each is a clear error, and others are served as before`(_ walls: EscapeWalls) async throws {
        let warm = WarmSandboxes()
        let sandbox = walls.sandbox(warm: warm)
        let targets = try await EscapeTargets(of: sandbox)
        try await withThrowingTaskGroup(of: (Escape, PythonResult).self) { group in
            var waiting = Escape.all.filter { $0.walls.contains(walls) }[...]
            for escape in waiting.prefix(4) {
                group.addTask { (escape, try await outcome(of: escape, in: sandbox, targets)) }
            }
            waiting = waiting.dropFirst(4)
            while let (escape, result) = try await group.next() {
                if let escape = waiting.popFirst() {
                    group.addTask { (escape, try await outcome(of: escape, in: sandbox, targets)) }
                }
                #expect(!result.succeeded, "\(walls.rawValue), \(escape.name): \(result)")
                let said = result.shown.string ?? ""
                #expect(
                    said.hasPrefix("Error executing function f: ") && escape.fails.contains { said.contains($0) },
                    "\(walls.rawValue), \(escape.name): \(said)")
            }
        }
        #expect(targets.areUntouched)
        let after = Escape("what others do", "return 'served'")
        #expect(try await outcome(of: after, in: sandbox, targets).shown == "served")
        await warm.close()
    }
}
