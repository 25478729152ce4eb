import Storage

extension Migration {
    /// Packages and environments of tools.
    static let toolEnvironments = Migration(number: 22, name: "toolEnvironments") { _ in [] }
}
