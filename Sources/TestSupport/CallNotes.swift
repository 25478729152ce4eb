import Glibc
import Testing

/// Appends what the tests call to the file that `LETTA_CALLS` names, for `conformance/routecoverage.py`.
enum CallNotes {
    private static let file = getenv("LETTA_CALLS").map { String(cString: $0) }

    static func note(_ verb: String, _ uri: String, _ status: Int) {
        guard let file, let test = Test.current else { return }
        let path = uri.prefix { $0 != "?" }
        let line = "\(verb)\t\(path)\t\(status)\t\(test.sourceLocation.fileID)::\(test.name)\n"
        let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // One write, so that tests that run beside each other don't mix their lines.
        _ = Array(line.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}
