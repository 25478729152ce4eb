import Storage

extension Migration {
    /// Vectors and files' passages.
    static let knowledge = Migration(number: 26, name: "knowledge") { _ in [] }
}
