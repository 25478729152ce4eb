/// Where a database stands among its changes.
///
/// Between two equal marks nothing was written but by quiet transactions, whose callers know what they wrote; so what
/// was read at the first is still true at the second but for that.
package struct DatabaseMark: Hashable, Sendable {
    private let ownWrites: Int
    private let othersWrites: Int64

    /// - Parameters:
    ///   - ownWrites: how many transactions that are not quiet the connection has begun.
    ///   - othersWrites: a number that moves when anybody else has written, this process or another.
    package init(ownWrites: Int, othersWrites: Int64) {
        self.ownWrites = ownWrites
        self.othersWrites = othersWrites
    }
}
