import Storage

extension Migration {
    /// What the loops of the older types of agents need.
    static let loops = Migration(number: 24, name: "loops") { _ in [] }
}
