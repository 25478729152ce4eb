import Storage

extension Migration {
    /// What keeps a context inside its window.
    static let compaction = Migration(number: 18, name: "compaction") { _ in [] }
}
