import Storage

extension Migration {
    /// Callbacks that are sent until they arrive.
    static let callbackDeliveries = Migration(number: 21, name: "callbackDeliveries") { _ in [] }
}
