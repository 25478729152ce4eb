import Storage

extension Migration {
    /// Templates, projects, access tokens.
    static let templates = Migration(number: 25, name: "templates") { _ in [] }
}
