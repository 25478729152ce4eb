import Storage

extension Migration {
    /// Organizations and users.
    static let accounts = Migration(number: 15, name: "accounts") { _ in
        []
    }
}
