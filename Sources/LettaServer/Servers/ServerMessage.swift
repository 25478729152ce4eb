import LettaAPI

/// What servers that share a database say to each other, so that nobody has to wait for the next look at a table.
///
/// Nothing depends on it: what is not heard is found in the tables a moment later.
enum ServerMessage: Equatable, Sendable {
    /// A server wants to hear of the events of a run.
    case follow(ID<Run>, by: String)
    /// A run has stored events.
    case events(ID<Run>)
    /// A run is to be cancelled.
    case cancel(ID<Run>)

    var text: String {
        switch self {
        case .follow(let run, let server): "follow \(run) \(server)"
        case .events(let run): "events \(run)"
        case .cancel(let run): "cancel \(run)"
        }
    }

    /// Nil for what a server of another version says.
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("follow", 3): self = .follow(ID(words[1]), by: words[2])
        case ("events", 2): self = .events(ID(words[1]))
        case ("cancel", 2): self = .cancel(ID(words[1]))
        default: return nil
        }
    }
}
