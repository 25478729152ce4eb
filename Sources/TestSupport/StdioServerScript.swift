import Foundation
package import JSON

/// A copy of `conformance/stdioserver.py` that unprivileged processes can read.
package struct StdioServerScript: Sendable {
    package let path: String

    package init(in folder: String) throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../conformance/stdioserver.py")
        path = "\(folder)/stdioserver.py"
        try Data(contentsOf: source).write(to: URL(filePath: path))
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        for readable in [folder, path] {
            try FileManager.default.setAttributes(attributes, ofItemAtPath: readable)
        }
    }

    /// Replaces the tools that the server offers.
    package func offer(_ tools: JSONValue) throws {
        let file = URL(filePath: path).deletingLastPathComponent().appending(path: "tools.json")
        try Data(JSONWriter.bytes(of: tools)).write(to: file)
    }
}
