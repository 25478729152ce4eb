import JSON

/// What a request sets for the model of its turn alone, in place of the agent's own settings.
struct TurnSettings: Sendable {
    var temperature: Double?
    var maxOutputTokens: Int?
    var responseFormat: JSONValue?
    /// The tools of which the model calls one first; empty when it may do what it likes.
    var firstTools: [String] = []
}
