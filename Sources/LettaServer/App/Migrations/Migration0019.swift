import Storage

extension Migration {
    /// Approvals that wait for an answer.
    static let approvals = Migration(number: 19, name: "approvals") { _ in [] }
}
