package import JSON

/// Packs text that is not a person's into the JSON that the model sees, indented by two spaces.
///
/// Times are formatted by `ZonedTime`.
package enum PackedText {
    /// The result of a tool. An object remains an object inside the text.
    package static func toolReturn(_ result: JSONValue, succeeded: Bool, time: String) -> String {
        text(["status": succeeded ? "OK" : "Failed", "message": result, "time": .string(time)])
    }

    /// The login event that opens the first conversation.
    package static func login(time: String) -> String {
        text(["type": "login", "last_login": "Never (first login)", "time": .string(time)])
    }

    /// A notice of the loop to the model.
    package static func heartbeat(_ reason: String, time: String) -> String {
        text(["type": "heartbeat", "reason": .string(reason), "time": .string(time)])
    }

    private static func text(_ value: JSONValue) -> String {
        JSONWriter.string(of: value, style: .indented(2))
    }
}
