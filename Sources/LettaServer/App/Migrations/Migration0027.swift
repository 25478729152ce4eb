import Storage

extension Migration {
    /// Schedules, batches, groups' turns.
    static let background = Migration(number: 27, name: "background") { _ in [] }
}
