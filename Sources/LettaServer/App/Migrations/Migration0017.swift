import Storage

extension Migration {
    /// Outcomes that wait for the database.
    static let faults = Migration(number: 17, name: "faults") { _ in
        []
    }
}
