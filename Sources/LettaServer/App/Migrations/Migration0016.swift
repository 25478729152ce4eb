import Storage

extension Migration {
    /// Several archives per agent.
    static let passages = Migration(number: 16, name: "passages") { _ in
        []
    }
}
