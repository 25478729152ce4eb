import Storage

extension Migration {
    /// A system message names the blocks it was compiled from. Without them it is compiled anew by its next reader.
    static let systemMessageSources = Migration(number: 8, name: "system message sources") { _ in
        ["ALTER TABLE message ADD COLUMN compiled_from TEXT"]
    }
}
