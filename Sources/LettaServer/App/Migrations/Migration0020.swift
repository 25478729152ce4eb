import Storage

extension Migration {
    /// What was learned of model services.
    static let modelServices = Migration(number: 20, name: "modelServices") { _ in [] }
}
