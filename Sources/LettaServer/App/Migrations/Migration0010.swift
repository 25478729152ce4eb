import Storage

extension Migration {
    /// Providers that clients configure.
    static let providers = Migration(number: 10, name: "providers") { _ in
        []
    }
}
