package import JSON

/// The result of running one tool.
package struct ToolOutcome: Sendable, Hashable {
    /// Text, or an object.
    package var result: JSONValue
    package var succeeded: Bool
    /// The tool's output; nil for tools that run inside the server.
    package var stdout: [String]?
    package var stderr: [String]?

    package init(
        _ result: JSONValue, succeeded: Bool = true, stdout: [String]? = nil, stderr: [String]? = nil
    ) {
        self.result = result
        self.succeeded = succeeded
        self.stdout = stdout
        self.stderr = stderr
    }

    /// The outcome of a built-in tool that failed.
    package init(_ failure: ToolFailure, of tool: String) {
        self.init(
            .string(failure.message), succeeded: false,
            stderr: ["Error executing function \(tool): \(failure.kind.rawValue): \(failure.message)"])
    }
}

/// Why a built-in tool failed. The model reads the message.
package struct ToolFailure: Error, Sendable, Hashable {
    /// The Python exception that clients expect.
    package enum Kind: String, Sendable, Hashable {
        case keyError = "KeyError"
        case typeError = "TypeError"
        case valueError = "ValueError"
        case exception = "Exception"
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package static func value(_ message: String) -> ToolFailure { ToolFailure(.valueError, message) }
}
