package import JSON

/// Wraps what is not a person's words into the JSON texts the model sees, two spaces deep.
///
/// Times are as `ZonedTime` writes them.
package enum PackedText {
    /// The result of a tool. An object stays an object inside the text.
    package static func toolReturn(_ result: JSONValue, succeeded: Bool, time: String) -> String {
        text(["status": succeeded ? "OK" : "Failed", "message": result, "time": .string(time)])
    }

    /// The event that opens the first conversation.
    package static func login(time: String) -> String {
        text(["type": "login", "last_login": "Never (first login)", "time": .string(time)])
    }

    private static func text(_ value: JSONValue) -> String {
        JSONWriter.string(of: value, style: .indented(2))
    }
}
