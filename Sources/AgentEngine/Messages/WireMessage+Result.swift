import JSON

extension WireMessage {
    /// The result of a call outside of a conversation; where clients expect an id it is `null`.
    package static func result(_ outcome: ToolOutcome, name: String?, createdAt: Int64) -> WireMessage {
        let result = ToolReturn(
            text: PythonText.text(of: outcome.result), succeeded: outcome.succeeded, callID: "null",
            stdout: outcome.stdout, stderr: outcome.stderr)
        return WireMessage(id: "null", createdAt: createdAt, name: name, body: .toolReturns([result]))
    }
}
