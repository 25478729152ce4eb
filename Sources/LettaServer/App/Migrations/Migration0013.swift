import Storage

extension Migration {
    /// Conversations with an agent.
    static let conversations = Migration(number: 13, name: "conversations") { _ in
        []
    }
}
