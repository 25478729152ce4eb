import Foundation
import Testing
import ToolRuntime

/// Named pipes that tools in the sandbox find in `/signals`, so that a test and tools can wait for each other.
struct ToolSignals {
    private let folder: String
    /// The usual sandbox with one more folder in it.
    let sandbox: ToolSandbox

    /// - Parameter folder: of the test's own; everybody must be able to reach it.
    init(_ names: String..., in folder: String) throws {
        self.folder = folder
        for name in names {
            try #require(mkfifo("\(folder)/\(name)", 0o666) == 0)
            // The tool runs as another user, and the umask has taken the right to write away.
            try #require(chmod("\(folder)/\(name)", 0o666) == 0)
        }
        let script = "\(folder)/bwrap"
        let usual = ToolSandbox()
        try "#!/bin/sh\nexec \(usual.bubblewrap) --bind '\(folder)' /signals \"$@\"\n".write(
            toFile: script, atomically: true, encoding: .utf8)
        try #require(chmod(script, 0o755) == 0)
        var sandbox = ToolSandbox(bubblewrap: script)
        // A tool that waits in vain shall fail before the test does.
        sandbox.limits.seconds = 60
        self.sandbox = sandbox
    }

    /// Waits until a tool opens the pipe for writing.
    func wait(for name: String) async {
        let path = "\(folder)/\(name)"
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                close(open(path, O_RDONLY))
                continuation.resume()
            }
        }
    }
}
