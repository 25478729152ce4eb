import AgentEngine

/// This server was silent for so long that another one has taken over what it held. Nothing that it writes is stored any
/// more.
struct FencedServer: Error, CustomStringConvertible {
    var description: String {
        "This server was silent for too long, and another one has taken over its turns. It ends, so that it can start anew."
    }
}

extension TurnFailure {
    /// The turn was at work when another server took over.
    static let fenced = TurnFailure(
        type: "internal_error", message: "\(FencedServer())",
        detail: "Nothing more of this turn is stored. Send it again.",
        status: 503)
}
