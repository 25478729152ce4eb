import Storage

extension Migration {
    /// What turns in conversations need.
    static let conversationTurns = Migration(number: 17, name: "conversationTurns") { _ in [] }
}
