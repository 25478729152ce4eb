import Storage

extension Migration {
    /// Callbacks that are sent until they arrive.
    static let callbacks = Migration(number: 21, name: "callbacks") { _ in [] }
}
