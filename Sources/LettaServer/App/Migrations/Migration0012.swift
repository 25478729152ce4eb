import Storage

extension Migration {
    /// Groups of agents.
    static let groups = Migration(number: 12, name: "groups") { _ in
        []
    }
}
